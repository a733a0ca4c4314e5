"""Denominate, impute, screen and treat: what is done with the figures before they are normalised.

Source: OECD/JRC Handbook on Constructing Composite Indicators (2008), steps 3 to 5; the limits and the order of the
rules are those of the JRC's reference implementation.
"""

from collections.abc import Callable

import numpy as np
from scipy import stats

from pipelines.analyse.index.definition import Impute, Index, IndexDefinitionError, Treat
from pipelines.analyse.index.panel import Matrix, Panel


def prepare(panel: Panel, index: Index) -> Panel:
    """The figures after denomination, imputation, screening and the treatment of outliers."""
    values = _denominated(panel, index.steps.denominate)
    known = panel.with_values(values)
    values = imputed(known, index.steps.impute)
    values = np.where((_available(known) >= index.steps.screen)[:, None], values, np.nan)
    return panel.with_values(treated(values, panel.codes, index.steps.treat))


def _denominated(panel: Panel, denominators: dict[str, str]) -> Matrix:
    values = panel.values.copy()
    for code, by in denominators.items():
        place = panel.codes.index(code)
        below = panel.denominators[by]
        values[:, place] = np.divide(values[:, place], below, out=np.full(len(below), np.nan), where=below != 0)
    return values


def _available(panel: Panel) -> Matrix:
    share: Matrix = 1 - np.isnan(panel.values).mean(axis=1)
    return share


def imputed(panel: Panel, how: Impute) -> Matrix:
    """Figures with those that were missing put in; a column without any stays empty."""
    values = panel.values
    if how.method == "none":
        return values
    if how.method == "zero":
        return np.nan_to_num(values, nan=0.0)
    if how.method in ("mean", "median"):
        return _filled(values, [np.ones(len(values), dtype=bool)], how.method)
    if how.method in ("group_mean", "group_median"):
        of = np.array([panel.groups.get(area, "") for area, _ in panel.units])
        rows = [of == group for group in sorted(set(of) - {""})]
        return _filled(values, rows, how.method.removeprefix("group_"))
    if how.method == "last":
        return _last(panel, how.years)
    from sklearn.impute import KNNImputer

    found: Matrix = KNNImputer(n_neighbors=how.neighbours, keep_empty_features=False).fit_transform(values)
    return found if found.shape == values.shape else _put_back(values, found)


def _filled(values: Matrix, rows: list[Matrix], method: str) -> Matrix:
    filled, middle = values.copy(), np.nanmean if method == "mean" else np.nanmedian
    for chosen in rows:
        for column in range(values.shape[1]):
            part = values[chosen, column]
            if np.isnan(part).any() and not np.isnan(part).all():
                filled[np.asarray(chosen) & np.isnan(values[:, column]), column] = middle(part)
    return filled


def _last(panel: Panel, years: int) -> Matrix:
    filled = panel.values.copy()
    for area in {area for area, _ in panel.units}:
        rows = sorted((int(period[:4]), i) for i, (a, period) in enumerate(panel.units) if a == area)
        for column in range(filled.shape[1]):
            last: tuple[int, float] | None = None
            for year, row in rows:
                value = panel.values[row, column]
                if not np.isnan(value):
                    last = year, value
                elif last and year - last[0] <= years:
                    filled[row, column] = last[1]
    return filled


def _put_back(values: Matrix, found: Matrix) -> Matrix:
    whole = np.full(values.shape, np.nan)
    whole[:, ~np.isnan(values).all(axis=0)] = found
    return whole


def treated(values: Matrix, codes: list[str], how: Treat) -> Matrix:
    """Figures without outliers: winsorised point by point until skewness or kurtosis passes, else a logarithm.

    Skewness and kurtosis are the bias-corrected ones (type 2); at most `most` points are winsorised, then the figures
    as they were are put through ln(x - min + (max - min) / 100).
    """
    if how.method == "none":
        return values
    change: dict[str, Callable[[Matrix], Matrix]] = {
        "winsorise": lambda column: _winsorised(column, how),
        "log": lambda column: column if passes(column, how) else logarithm(column),
        "boxcox": lambda column: column if passes(column, how) else _boxcox(column),
    }
    changed = values.copy()
    for place, code in enumerate(codes):
        known = ~np.isnan(values[:, place])
        column = values[known, place]
        if len(column) < 3 or column.min() == column.max():
            continue
        changed[known, place] = change[how.method](column)
        if not np.isfinite(changed[known, place]).all():
            raise IndexDefinitionError(f"{code}: its outliers cannot be treated by {how.method}")
    return changed


def passes(column: Matrix, how: Treat) -> bool:
    """Whether a column has no outliers: skewness below its limit, or kurtosis below its own."""
    skewness = abs(float(stats.skew(column, bias=False)))
    kurtosis = float(stats.kurtosis(column, bias=False)) if len(column) > 3 else 0.0
    return skewness < how.skewness or kurtosis < how.kurtosis


def _winsorised(column: Matrix, how: Treat) -> Matrix:
    changed, points = column.copy(), 0
    while points < how.most and not passes(changed, how):
        high = stats.skew(changed, bias=False) >= 0
        extreme = changed.max() if high else changed.min()
        rest = changed[changed != extreme]
        if not len(rest):
            break
        changed[changed == extreme] = rest.max() if high else rest.min()
        points += 1
    return changed if passes(changed, how) else logarithm(column)


def logarithm(column: Matrix) -> Matrix:
    """ln(x - min + (max - min) / 100): defined for every x."""
    least, most = column.min(), column.max()
    found: Matrix = np.log(column - least + 0.01 * (most - least))
    return found


def _boxcox(column: Matrix) -> Matrix:
    least, most = column.min(), column.max()
    found, _ = stats.boxcox(column - least + 0.01 * (most - least))
    return np.asarray(found, dtype=np.float64)
