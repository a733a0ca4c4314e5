"""migstat: from a delivered file to a number the country can stand behind.

The sub-packages are the phases of the flow (GSBPM): collect, process, store, analyse, disseminate.
A phase imports no later phase, and nothing here imports Airflow.
"""
