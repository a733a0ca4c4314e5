"""What must hold of any index, whatever its figures."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from pipelines.analyse.index.aggregate import combine
from pipelines.analyse.index.compare import decomposed, peers, what_if
from pipelines.analyse.index.definition import Index, IndexDefinitionError, Treat
from pipelines.analyse.index.multivariate import cronbach, multivariate
from pipelines.analyse.index.normalise import normalise
from pipelines.analyse.index.panel import Panel
from pipelines.analyse.index.prepare import imputed, logarithm, passes, treated
from pipelines.analyse.index.score import score
from pipelines.analyse.index.uncertainty import left_out, sensitivity, uncertainty
from pipelines.analyse.index.weights import weights_of

AREAS = ["ALB", "ARM", "AZE", "BIH", "GEO", "KAZ", "KGZ", "MDA", "MKD", "SRB"]


def index(normalise: str = "goalposts", aggregate: str = "arithmetic", weights: str = "given", **steps: Any) -> Index:
    item = {"goalposts": [0, 10], "reference": 5.0}
    parts = {d: [{"code": f"{d}{n}", "title": d, "weight": n, **item} for n in (1, 2, 3)] for d in "AB"}
    children = [{"code": d, "title": d, "weight": w, "children": parts[d]} for d, w in (("A", 1), ("B", 3))]
    chosen: dict[str, Any] = {"normalise": {"method": normalise, "to": [1, 100]}, "aggregate": [aggregate]}
    chosen |= {"weights": weights, **steps}
    usual = {"runs": 200, "normalise": ["minmax"], "aggregate": ["geometric"]}
    uncertainty = chosen.pop("uncertainty", usual)
    return Index.model_validate(
        {"index": "x", "title": "x", "description": "x", "version": "1", "valid_from": "2024",
         "status": "product-defined", "source": "test", "inputs": [], "data": "",
         "tree": {"code": "X", "title": "X", "children": children}, "steps": chosen, "uncertainty": uncertainty}
    )  # fmt: skip


def panel(values: Any, groups: dict[str, str] | None = None, period: str = "2024") -> Panel:
    matrix = np.asarray(values, dtype=np.float64)
    return Panel(
        [(a, period) for a in AREAS[: len(matrix)]],
        [f"{d}{n}" for d in "AB" for n in (1, 2, 3)],
        matrix,
        groups or {},
        {},
    )


FIGURES = arrays(np.float64, (6, 6), elements=st.integers(0, 40).map(lambda n: n / 4))
METHODS = ["arithmetic", "geometric", "harmonic", "median"]


@given(FIGURES, st.sampled_from(METHODS), st.integers(0, 5), st.integers(0, 5), st.integers(1, 8))
def test_monotone_in_every_item(figures: Any, method: str, unit: int, item: int, more: int) -> None:
    one = index(aggregate=method)
    raised = figures.copy()
    raised[unit, item] += more / 4
    before, after = (score(one, panel(x)).scores["X"][unit] for x in (figures, raised))
    assert after >= before - 1e-9


@given(FIGURES, st.sampled_from(METHODS), st.permutations(range(6)))
def test_unchanged_by_relabelling_the_units(figures: Any, method: str, order: list[int]) -> None:
    one = index(aggregate=method)
    assert score(one, panel(figures)).scores["X"][order] == pytest.approx(score(one, panel(figures[order])).scores["X"])


@given(FIGURES, st.floats(0.01, 1000), st.floats(-50, 50))
def test_unchanged_by_the_units_of_measurement(figures: Any, factor: float, shift: float) -> None:
    assume(all(column.min() < column.max() for column in figures.T))
    one = index("minmax")
    moved = figures.copy()
    moved[:, 2] = moved[:, 2] * factor + shift
    assert score(one, panel(moved)).scores["X"] == pytest.approx(score(one, panel(figures)).scores["X"], abs=1e-6)


@given(FIGURES, st.sampled_from(METHODS))
def test_between_the_least_and_the_most_of_its_parts(figures: Any, method: str) -> None:
    found = score(index(aggregate=method), panel(figures))
    parts = np.column_stack([found.scores["A"], found.scores["B"]])
    assert (found.scores["X"] >= parts.min(axis=1) - 1e-9).all()
    assert (found.scores["X"] <= parts.max(axis=1) + 1e-9).all()


@given(FIGURES)
def test_harmonic_at_most_geometric_at_most_arithmetic(figures: Any) -> None:
    low, middle, high = (
        score(index(aggregate=m), panel(figures)).scores["X"] for m in ("harmonic", "geometric", "arithmetic")
    )
    assert (low <= middle + 1e-9).all()
    assert (middle <= high + 1e-9).all()


@given(FIGURES, st.sampled_from(["given", "equal", "pca", "optimised"]))
@settings(max_examples=20)
def test_weights_add_up_to_one(figures: Any, method: str) -> None:
    one = index(weights=method)
    try:
        found = score(one, panel(figures))
    except IndexDefinitionError:
        return  # figures from which no weights follow
    for weights in found.weights.values():
        assert weights.sum() == pytest.approx(1)
        assert (weights >= 0).all()


@given(FIGURES, arrays(np.float64, 6, elements=st.floats(0, 10)))
def test_with_goalposts_another_country_changes_nobody_s_score(figures: Any, another: Any) -> None:
    one = index()
    alone = score(one, panel(figures)).scores["X"]
    assert (score(one, panel(np.vstack([figures, another]))).scores["X"][:6] == alone).all()


def test_missing_is_not_zero_and_coverage_says_it() -> None:
    values = np.full((2, 6), 5.0)
    values[0, 0] = np.nan
    found = score(index(), panel(values))
    assert found.scores["X"][0] == found.scores["X"][1]
    assert (found.coverage["X"].tolist(), found.coverage["A"].tolist()) == ([5 / 6, 1], [2 / 3, 1])


def test_under_the_coverage_limit_there_is_no_score() -> None:
    values = np.full((2, 6), 5.0)
    values[0, :2] = np.nan
    found = score(index(available=[0.5, 1.0]), panel(values))
    assert np.isnan(found.scores["A"][0])
    assert np.isnan(found.scores["X"][0])
    assert found.scores["B"][0] == found.scores["B"][1]


def test_normalisations_by_their_definition() -> None:
    column = np.array([2.0, 4.0, 4.0, 10.0])
    values = np.column_stack([column] * 6)
    methods = ["minmax", "goalposts", "zscore", "rank", "percentile", "distance_to_reference", "fraction_of_maximum"]
    first = {method: normalise(panel(values), index(method))[:, 0].tolist() for method in methods}
    assert first["minmax"] == pytest.approx([1, 25.75, 25.75, 100])
    assert first["goalposts"] == pytest.approx([20.8, 40.6, 40.6, 100])
    assert first["rank"] == [1, 2, 2, 4]
    assert first["percentile"] == pytest.approx([1, 34, 34, 100])
    assert first["fraction_of_maximum"] == pytest.approx([20.8, 40.6, 40.6, 100])
    assert first["distance_to_reference"] == pytest.approx([1 + 99 * x / 8 for x in (5, 7, 7, 3)])
    scaled = (np.array(first["zscore"]) - 50.5) / 9.9
    assert scaled.mean() == pytest.approx(0)
    assert scaled.std(ddof=1) == pytest.approx(1)


def test_an_item_without_any_range_is_refused_by_name() -> None:
    with pytest.raises(IndexDefinitionError, match=r"all units have the same value of A1, .* goalposts"):
        normalise(panel(np.full((3, 6), 5.0)), index("minmax"))


def test_means_of_logarithms_need_figures_above_zero() -> None:
    with pytest.raises(IndexDefinitionError, match="above zero"):
        combine(np.array([[0.0, 1.0]]), np.ones(2), "geometric")


def test_winsorising_takes_one_extreme_point_at_a_time() -> None:
    column = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 100.0])
    how = Treat(method="winsorise")
    assert not passes(column, how)
    changed = treated(column[:, None], ["A1"], how)[:, 0]
    assert changed.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 9]


def test_what_winsorising_does_not_mend_is_put_through_a_logarithm() -> None:
    column = np.array([0.0] * 30 + [1, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9])
    changed = treated(column[:, None], ["A1"], Treat(method="winsorise", most=1))[:, 0]
    assert changed == pytest.approx(logarithm(column))
    assert logarithm(np.array([0.0, 10.0])) == pytest.approx([np.log(0.1), np.log(10.1)])


def test_imputations() -> None:
    values = np.array(
        [[1, 1, 1, 1, 1, 1], [3, 3, 3, 3, 3, 3], [5, 5, 5, 5, 5, 5], [np.nan, 4, 4, 4, 4, 4]], dtype=float
    )
    groups = {"ALB": "west", "ARM": "east", "AZE": "east", "BIH": "west"}
    one = {m: imputed(panel(values, groups), index(impute={"method": m, "neighbours": 2}).steps.impute)[3, 0] for m in
           ("mean", "median", "group_mean", "group_median", "knn")}  # fmt: skip
    assert one == {"mean": 3, "median": 3, "group_mean": 1, "group_median": 1, "knn": 4}


def test_last_value_within_the_years_allowed() -> None:
    values = np.array([[7.0] * 6, [np.nan] * 6, [np.nan] * 6])
    old = Panel([("ALB", "2015"), ("ALB", "2018"), ("ALB", "2024")], panel(values).codes, values, {}, {})
    found = imputed(old, index(impute={"method": "last", "years": 5}).steps.impute)
    assert found[1].tolist() == [7] * 6
    assert np.isnan(found[2]).all()


def test_weighted_median_and_copeland_and_benefit_of_the_doubt() -> None:
    values = np.array([[1.0, 2.0, 3.0], [3.0, 3.0, 1.0], [2.0, 1.0, 2.0]])
    assert combine(values, np.array([1.0, 1.0, 1.0]), "median").tolist() == [2, 3, 2]
    assert combine(values, np.array([1.0, 1.0, 4.0]), "median").tolist() == [3, 1, 2]
    assert combine(values, np.ones(3), "copeland").tolist() == [0, 2, -2]
    best = combine(np.vstack([values, [1.0, 1.0, 1.0]]), np.ones(3), "benefit_of_the_doubt")
    assert best[:3].tolist() == pytest.approx([1, 1, 1])
    assert best[3] < 1


def test_denomination_divides_by_the_figure_named() -> None:
    one = index(denominate={"A1": "persons"})
    values = np.full((2, 6), 5.0)
    by = Panel(panel(values).units, panel(values).codes, values, {}, {"persons": np.array([2.0, 0.0])})
    found = score(one, by)
    assert found.items[0, 0] == pytest.approx(1 + 99 * 0.25)
    assert np.isnan(found.items[1, 0])


DRAWN = np.random.default_rng(3).uniform(1, 10, (10, 6))


def test_uncertainty_is_the_same_with_the_same_seed_and_holds_the_score() -> None:
    one = index("goalposts", uncertainty={"runs": 300, "weights": "noise", "spread": 0.25})
    first, again = uncertainty(one, panel(DRAWN)), uncertainty(one, panel(DRAWN))
    assert (first.ranks == again.ranks).all()
    nominal = score(one, panel(DRAWN)).scores["X"]
    low, _, high = first.scores["X"]
    assert ((low <= nominal) & (nominal <= high)).all()
    other = one.model_copy(update={"uncertainty": one.uncertainty.model_copy(update={"seed": 5})})
    assert (uncertainty(other, panel(DRAWN)).scores["X"] != first.scores["X"]).any()


def test_without_choices_and_without_noise_there_is_no_uncertainty() -> None:
    one = index(uncertainty={"runs": 50, "spread": 0.0})
    found = uncertainty(one, panel(DRAWN))
    assert found.scores["X"][0] == pytest.approx(found.scores["X"][2])
    assert found.ranks[0] == pytest.approx(stats.rankdata(-score(one, panel(DRAWN)).scores["X"], method="min"))


def test_dirichlet_weights_deviate_as_much_as_is_said() -> None:
    from pipelines.analyse.index.uncertainty import _shifts

    one = index(uncertainty={"weights": "dirichlet", "spread": 0.25})
    shifts = _shifts(one, np.random.default_rng(1), 20_000)["A"]
    assert shifts.mean(axis=0) == pytest.approx(np.ones(3), abs=0.01)
    assert shifts.std(axis=0) == pytest.approx(np.full(3, 0.25), abs=0.01)


def test_sobol_indices_add_up_within_their_error() -> None:
    one = index(uncertainty={"normalise": ["minmax"], "aggregate": ["geometric"], "spread": 0.5})
    found = sensitivity(one, panel(DRAWN), 512)
    assert found.factors == ["normalise", "aggregate", "weight of A", "weight of B"]
    assert found.first.sum() <= 1 + found.first_confidence.sum()
    assert found.total.sum() >= 1 - found.total_confidence.sum()
    assert (found.total >= found.first - found.first_confidence - found.total_confidence).all()


def test_an_item_that_counts_more_moves_more() -> None:
    moved = left_out(index(), panel(DRAWN))
    assert set(moved) == {"A1", "A2", "A3", "B1", "B2", "B3"}
    assert moved["B3"] > 0
    same = DRAWN.copy()
    same[:, 5] = 5.0
    assert left_out(index(), panel(same))["A1"] >= 0


def test_cronbach_and_correlations() -> None:
    parts = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    assert cronbach(parts) == pytest.approx(1)
    told = multivariate(index(), score(index(), panel(DRAWN)))
    assert [d.code for d in told] == ["X", "A", "B"]
    for dimension in told:
        assert dimension.explained.sum() == pytest.approx(1)
        assert dimension.effective.sum() == pytest.approx(1)
        assert dimension.nominal.sum() == pytest.approx(1)


@given(FIGURES, st.sampled_from(["arithmetic", "geometric", "median"]))
@settings(max_examples=30)
def test_the_change_between_two_rounds_is_the_sum_of_its_items(figures: Any, method: str) -> None:
    one = index(aggregate=method)
    both = Panel([("ALB", "2020"), ("ALB", "2024")], panel(figures).codes, figures[:2], {}, {})
    found = score(one, both).scores["X"]
    assert sum(decomposed(one, both, "ALB", "2020", "2024").values()) == pytest.approx(found[1] - found[0], abs=1e-9)


def test_what_if_answers_were_other() -> None:
    before, after = what_if(index(), panel(DRAWN), "KGZ", "2024", {"B3": 10.0})
    place = before.units.index(("KGZ", "2024"))
    assert after.scores["X"][place] > before.scores["X"][place]
    rest = [i for i in range(10) if i != place]
    assert (after.scores["X"][rest] == before.scores["X"][rest]).all()
    with pytest.raises(LookupError, match="Z9 is no item"):
        what_if(index(), panel(DRAWN), "KGZ", "2024", {"Z9": 1.0})


def test_peers_are_told_by_rank_interval() -> None:
    one = index()
    told = peers(one, score(one, panel(DRAWN)), uncertainty(one, panel(DRAWN)), "2024", {"ARM", "KGZ", "MDA"})
    assert {peer.area for peer in told} == {"ARM", "KGZ", "MDA"}
    assert all(1 <= peer.best <= peer.worst <= 10 for peer in told)


def test_optimised_weights_make_correlated_parts_count_as_intended() -> None:
    draws = np.random.default_rng(0)
    common = draws.normal(size=200)
    parts = np.column_stack(
        [common + 0.3 * draws.normal(size=200), common + 0.3 * draws.normal(size=200), draws.normal(size=200)]
    )
    node = (
        index()
        .tree.children[0]
        .model_copy(
            update={"children": [c.model_copy(update={"weight": 1}) for c in index().tree.children[0].children]}
        )
    )
    weights = weights_of(node, parts, "optimised")
    whole = combine(parts, weights, "arithmetic")
    strength = np.array([np.corrcoef(part, whole)[0, 1] for part in parts.T]) ** 2
    assert strength / strength.sum() == pytest.approx(np.full(3, 1 / 3), abs=0.01)
    assert weights[2] > weights[0]
