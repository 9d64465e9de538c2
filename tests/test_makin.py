"Makin: what decides the span of a session, and bins of another width."
import shutil

import numpy as np
import pytest
from neuralpile.source import find_source, sample_folder
from plainly import makin as plainly


@pytest.fixture
def session_file(tmp_path):
    source = find_source('makin')
    return shutil.copy(source.raw_files(sample_folder(source))[1], tmp_path/'loco_20170101_02.mat')


@pytest.mark.parametrize('odd, t_start, longer', [([[1690.0, 1691.0], [1692.0, 1693.0]], 1690.0, 500), ([[1750.0, 1760.0], [1770.0, 1780.5]], None, 2000)], ids=['before', 'after'])
def test_a_cell_that_is_no_list_counts_nothing_but_keeps_the_shape(session_file, odd, t_start, longer):
    source = find_source('makin')
    before = source.session(session_file)
    plainly.set_cell(session_file, 4, 98, np.array(odd))
    session, as_published = source.session(session_file), source.session(session_file, published=True)
    assert session.counts().shape == as_published.counts().shape and session.t_start == as_published.t_start == (t_start or before.t_start)
    assert session.n_bins >= before.n_bins + longer - 5
    assert session.binned.n_spikes == before.binned.n_spikes == as_published.binned.n_spikes - 4
    np.testing.assert_array_equal(session.counts(), plainly.default(session_file))
    np.testing.assert_array_equal(as_published.counts(), plainly.published(session_file))


@pytest.mark.parametrize('bin_ms', [1, 7, 50])
def test_other_bins_begin_at_the_first_spike_too(session_file, bin_ms):
    channels = plainly.cells(session_file)
    edges = plainly.edges_of(channels, bin_ms/1000)
    counts = find_source('makin').session(session_file, bin_ms=bin_ms, published=True).counts()
    np.testing.assert_array_equal(counts, [np.histogram(plainly.flat(channel), bins=edges)[0] for channel in channels])
