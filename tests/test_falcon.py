"What the FALCON sources have in common: copies that hold what they copy, splits that the record tells apart, and other bin widths."
import numpy as np
import pytest
from neuralpile.build import build
from neuralpile.counts import DataError
from neuralpile.source import find_source, sample_folder

FALCON = ('m1-a', 'm1-b', 'm2', 'h1')
each_source = pytest.mark.parametrize('key', FALCON)


def sessions(key, **options):
    "The sessions of a sample by their split."
    source = find_source(key)
    folder = sample_folder(source)
    return {source.knows(session := source.session(path, folder, **options))['evaluation'][0].split('/')[-1]: session for path in source.raw_files(folder)}


@each_source
@pytest.mark.parametrize('published', [False, True], ids=['default', 'published'])
@pytest.mark.parametrize('bin_ms', [5, 20, 50, 100])
def test_a_copy_is_the_beginning_of_the_other(key, bin_ms, published):
    found = sessions(key, bin_ms=bin_ms, published=published)
    copy, whole = found['held-in-minival'].counts(), found['held-in-calib'].counts()
    n = copy.shape[1] - 1
    assert 0 < n < whole.shape[1]/2 and copy.sum() > 0
    np.testing.assert_array_equal(copy[:, :n], whole[:, :n])
    assert (copy[:, n] <= whole[:, n]).all()


@each_source
def test_fine_bins_sum_to_wide_ones(key):
    "Default mode counts on one lattice; in published mode this does not hold, as edges of different widths are not the same numbers."
    fine, wide = (sessions(key, bin_ms=bin_ms)['held-in-calib'].counts() for bin_ms in (5, 20))
    n = wide.shape[1] - 1
    np.testing.assert_array_equal(fine[:, :4*n].reshape(len(fine), n, 4).sum(axis=2), wide[:, :n])


@each_source
def test_the_record_tells_the_splits_apart(key, tmp_path, rows):
    build(find_source(key), out_dir=str(tmp_path))
    table = rows(tmp_path/key, 'sessions')
    assert list(table['evaluation']) == [[f'falcon/{key}/{split}'] for split in ('held-in-calib', 'held-in-minival', 'held-out-calib')]
    assert table['duplicate_of'] == [None, table['session_id'][0], None]
    assert table['recording'][0] == table['recording'][1] != table['recording'][2]
    assert len(set(table['subject_id'])) == 3 and len(set(table['canonical_subject'])) == 1


def test_counts_of_h1_say_that_they_stay_here(tmp_path, rows):
    build(find_source('h1'), out_dir=str(tmp_path))
    assert '**These counts may not be passed on;**' in (tmp_path/'h1'/'README.md').read_text(encoding='utf-8')
    assert set(rows(tmp_path/'h1', 'sessions')['redistribute']) == {False} and 'license: other' in (tmp_path/'h1'/'README.md').read_text(encoding='utf-8')
    assert all(n > 0 for n in rows(tmp_path/'h1', 'sessions')['n_negative'])


def test_a_file_of_another_name_stops_m2(tmp_path):
    find_source('m2').write_sample(tmp_path)
    (tmp_path/'sub-MonkeyN-held-in-calib'/'sub-MonkeyN-held-in-calib_ses-2000-01-01-Run1_ecephys.nwb').touch()
    with pytest.raises(DataError, match='found sub-MonkeyN-held-in-calib/sub-MonkeyN-held-in-calib_ses-2000-01-01-Run1_ecephys.nwb'):
        find_source('m2').raw_files(tmp_path)
