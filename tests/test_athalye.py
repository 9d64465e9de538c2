"Bins of 16.67 ms in a world of 20: what the session table, the stretches and odd files say."
import shutil

import numpy as np
import pytest
from neuralpile.build import build
from neuralpile.source import find_source, sample_folder
from plain import put

ENTRIES = 'processing/behavior/te_num/data'


@pytest.fixture
def files():
    source = find_source('athalye')
    return source, source.raw_files(sample_folder(source))


def test_the_session_table_has_the_width_of_each_session(files, tmp_path, rows):
    build(files[0], out_dir=str(tmp_path))
    sessions = rows(tmp_path/'athalye', 'sessions')
    assert sessions['bin_ms'][:] == [1000/60, 1000/60, 20]
    assert [len(warnings) for warnings in sessions['warnings']] == [1, 1, 0]


@pytest.mark.parametrize('bin_ms, widths', [(5, (1000/60, 5)), (20, (1000/60, 20)), (25, (1000/60, 25)), (50, (50, 50)), (2, (1000/60, 5))])
def test_a_width_is_exact_or_it_is_the_file_s_own(files, bin_ms, widths):
    source, (file_g, _, file_j) = files
    for path, width, rate in zip((file_g, file_j), widths, (60, 200)):
        session = source.session(path, bin_ms=bin_ms)
        assert session.bin_ms == pytest.approx(width) and bool(session.warnings) == (abs(width - bin_ms) > 1e-6)
        rows = round(width*rate/1000)
        raw = source.session(path, bin_ms=1).counts()
        np.testing.assert_array_equal(session.counts(), raw[:, :session.n_bins*rows].reshape(len(raw), -1, rows).sum(axis=2))


def test_the_rate_decides_and_not_the_folder(files, tmp_path):
    source, (_, _, file_j) = files
    path = shutil.copytree(file_j.parent, tmp_path/'sub-other')/file_j.name
    ours, theirs = source.session(path), source.session(path, published=True)
    assert (ours.bin_ms, theirs.bin_ms) == (20, 5) and ours.n_bins == theirs.n_bins//4


def test_no_bin_of_a_stretch_spans_two_task_entries(files):
    for path in files[1]:
        session = files[0].session(path)
        rows = round(session.bin_ms*{'g': 60, 'j': 200}[path.parent.name[-1]]/1000)
        entry = {'g': np.repeat([0, 1], [1510, 905]), 'j': np.repeat([0, 1, 2], [3001, 2506, 1500])}[path.parent.name[-1]]
        if path.stem.endswith('session1'): entry = np.repeat([0, 1], [700, 800])
        alike = [len(set(entry[bin*rows:(bin + 1)*rows])) == 1 for bin in range(session.n_bins)]
        inside = np.zeros(session.n_bins, dtype=bool)
        for start, stop in session.observed: inside[start:stop] = True
        assert inside.tolist() == alike


@pytest.mark.parametrize('change, known', [(None, False), (lambda entries: entries[:-5], False), (lambda entries: entries.astype(int).astype('S8'), True), (lambda entries: entries[:, None], True), (lambda entries: entries*np.nan, False)], ids=['missing', 'another length', 'text', 'a column', 'nan'])
def test_joins_are_known_only_where_the_file_tells_them(files, tmp_path, change, known):
    source, (file_g, *_) = files
    path = shutil.copytree(file_g.parent, tmp_path/'sub-monk-g')/file_g.name
    put(path, ENTRIES, change)
    session = source.session(path)
    assert (session.observed == source.session(file_g).observed) if known else session.observed is None
    assert any(text.startswith('where task entries were joined is not in the file') for text in session.warnings) != known
