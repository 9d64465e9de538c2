"Card: what is recovered is the truth, what is not is named, and a day does not fall with one of its files."
import shutil

import h5py
import numpy as np
import pytest
from neuralpile.sources.card import DAYS, TRAPS, block_lattices, lattice_counts, levels, read_card, simulated_counts, source
from neuralpile.source import sample_folder

truth = simulated_counts()


def true_counts(path): return np.concatenate([truth[path.parent.name, path.stem[5:], *trial] for trial in sorted(DAYS[path.parent.name][path.stem[5:]])]).T


@pytest.fixture
def day(tmp_path):
    shutil.copytree(sample_folder(source)/'hdf5_data_final', tmp_path/'hdf5_data_final')
    return tmp_path/'hdf5_data_final'/'t15.2023.08.13'


def test_every_electrode_is_right_or_named():
    for path in source.raw_files(sample_folder(source)):
        session = source.session(path)
        wrong = set(np.flatnonzero((session.counts() != true_counts(path)).any(axis=1)))
        named = ' '.join(session.warnings)
        assert wrong == {50, 70} and all(f'channel {unit} in block' in named for unit in (30, 40, 50, 70))
        for unit in set(TRAPS) - {30, 40, 50, 70}: assert f'channel {unit} ' not in named


def test_values_are_found_in_trials_of_any_length():
    rng = np.random.default_rng(0)
    for n_bins in (1, 2, 447, 448, 449, 1000, 2689):
        crossings = rng.poisson(1.0, (256, n_bins)).astype(np.float32)/3
        crossings[0] = rng.normal(size=n_bins)
        for values, row in zip(levels(crossings), crossings): np.testing.assert_array_equal(values[~np.isnan(values)], np.unique(row))


def test_large_counts_are_not_clipped():
    counts = np.random.default_rng(0).poisson(30, (4, 2000))
    counts[:, 0], counts[:, 1] = 0, 200
    z = ((counts - 30)/5.5).astype(np.float32)
    offsets, steps, residuals = block_lattices([levels(z)])
    assert residuals.max() < 1e-4
    np.testing.assert_array_equal(lattice_counts(z, offsets[0], steps[0]), counts)


def test_even_counts_between_odd_ones_do_not_double_the_step():
    counts = np.array([[0, 2, 5, 2, 0, 5], [0, 3, 3, 5, 8, 0]])
    z = ((counts - 2)/0.7).astype(np.float32)
    offsets, steps, _ = block_lattices([levels(z)])
    np.testing.assert_array_equal(lattice_counts(z, offsets[0], steps[0]), counts)


def test_a_normalisation_that_moves_is_followed_trial_by_trial():
    "Also where the step of one trial is twice that of another by chance."
    rng = np.random.default_rng(0)
    trials = [rng.poisson(1.0, (3, 80)) for _ in range(6)]
    scales = (1, 1.02, 2.05, 1.3, 3.9, 0.7)
    z = [((trial - 1.3 + 0.4*number)/scale).astype(np.float32) for number, (trial, scale) in enumerate(zip(trials, scales))]
    offsets, steps, residuals = block_lattices([levels(trial) for trial in z])
    assert residuals.min() > 0.1
    for trial, values, offset, step in zip(trials, z, offsets, steps): np.testing.assert_array_equal(lattice_counts(values, offset, step), trial)


def test_a_damaged_sibling_is_left_out_with_a_warning(day):
    with open(day/'data_test.hdf5', 'r+b') as file: file.truncate(1000)
    session = read_card(day/'data_val.hdf5')
    assert any(text.startswith('data_test.hdf5 could not be read') for text in session.warnings)
    wrong = np.flatnonzero((session.counts() != true_counts(day/'data_val.hdf5')).any(axis=1))
    assert 60 in wrong # its zeros were in the file that is lost


def test_a_sibling_of_other_blocks_changes_nothing(day):
    before = read_card(day/'data_train.hdf5').counts()
    for name in ('data_val.hdf5', 'data_test.hdf5'): (day/name).unlink()
    np.testing.assert_array_equal(read_card(day/'data_train.hdf5').counts(), before)


def test_wider_bins_are_sums_and_narrower_ones_stop(day):
    path = day/'data_train.hdf5'
    counts, wide = read_card(path).counts(), read_card(path, bin_ms=60)
    n_bins = counts.shape[1]//3
    np.testing.assert_array_equal(wide.counts(), counts[:, :3*n_bins].reshape(256, n_bins, 3).sum(axis=2))
    assert all(0 <= start < stop <= n_bins for start, stop in wide.observed)
    with pytest.raises(ValueError, match='expected a bin width of whole bins of the file; found 30 ms. Choose a multiple of 20 ms'): read_card(path, bin_ms=30)


def test_one_trial_alone(day):
    with h5py.File(day/'data_train.hdf5', 'r+') as file:
        for name in list(file)[1:]: del file[name]
    assert read_card(day/'data_train.hdf5').n_bins == read_card(day/'data_train.hdf5', published=True).n_bins
