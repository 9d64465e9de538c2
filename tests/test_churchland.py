"Trials that lie on each other are told, and only those."
import pytest
from neuralpile.source import find_source, sample_folder
from neuralpile.sources.churchland import mended


@pytest.fixture
def sessions():
    source = find_source('churchland')
    folder = sample_folder(source)
    return [source.session(path, folder) for path in source.raw_files(folder)]


def test_one_restart_is_mended_and_a_second_is_told(sessions):
    jenkins, nitschke = sessions
    assert jenkins.warnings == []
    assert [warning.rsplit(': ', 1)[1] for warning in nitschke.warnings] == ['1', '6']


def test_every_trial_is_observed(sessions):
    "The union of the trials, a bin less at each end at most."
    for session in sessions:
        observed = {bin for start, stop in session.observed for bin in range(start, stop)}
        for start, stop in session.trials: assert set(range(int(start*50) + 1, int(stop*50))) <= observed
        assert len(observed) <= sum(stop - start for start, stop in session.trials)*50


def test_benchmark_sessions_are_other_days():
    source = find_source('churchland')
    assert all(source.knows(session)['evaluation'] == [] for session in map(source.session, source.raw_files(sample_folder(source))))


def test_runs_follow_each_other_when_the_clock_restarts_once():
    import numpy as np
    run = np.array([[1.0, 2.5], [3.0, 4.5]])
    starts, stops = mended([run, run]).T
    assert (starts[1:] > stops[:-1]).all()
