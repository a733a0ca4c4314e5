"""Composite indices by the steps of the OECD/JRC Handbook on Constructing Composite Indicators (2008).

`definition` is what an index is, one YAML of `warehouse/indices/`; `panel` the figures it is made of; `prepare`,
`normalise`, `weights` and `aggregate` its steps; `score` their sequence; `uncertainty`, `multivariate` and `compare`
look at the result; `publish` makes observations of it.
"""
