"A day of M1-B: 64 electrodes, 3 h, 10 million spikes on a clock of 0.1 ms."
import numpy as np

FILE = 'sub-MonkeyX-held-in-calib/sub-MonkeyX-held-in-calib_ses-20000103_behavior+ecephys.nwb'


def make(path):
    import h5py
    rng = np.random.default_rng(1)
    with h5py.File(path, 'w') as file:
        units = file.create_group('units')
        units['id'] = np.arange(64)
        units['spike_times'] = np.concatenate([np.sort(rng.integers(1, 3*3600*10_000, 156_000))/10_000 for _ in range(64)])
        units['spike_times_index'] = np.arange(1, 65, dtype=np.uint32)*156_000


def one_bincount(path):
    import h5py
    with h5py.File(path) as file: times, ends = file['units/spike_times'][:], file['units/spike_times_index'][:].astype(int)
    edges = np.arange(0, times.max() + 0.02, 0.02)
    n_bins = len(edges) - 1
    bins = np.minimum(np.searchsorted(edges, times, side='right') - 1, n_bins - 1)
    electrodes = np.repeat(np.arange(64), np.diff(ends, prepend=0))
    return np.bincount(electrodes*n_bins + bins, minlength=64*n_bins).reshape(64, n_bins).astype(np.uint8)


PLAIN = {'`np.searchsorted` for all spikes at once, then one `np.bincount`': one_bincount}
