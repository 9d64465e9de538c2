"A day of M1-A: 64 electrodes, 3 h, 10 million spikes on a clock of 0.1 ms."
import numpy as np

FILE = 'sub-MonkeyL-held-in-calib/sub-MonkeyL-held-in-calib_ses-20000101_behavior+ecephys.nwb'


def make(path):
    import h5py
    rng = np.random.default_rng(0)
    with h5py.File(path, 'w') as file:
        units = file.create_group('units')
        units['id'] = np.arange(64)
        units['spike_times'] = np.concatenate([np.sort(rng.integers(1, 3*3600*10_000, 156_000))/10_000 for _ in range(64)])
        units['spike_times_index'] = np.arange(1, 65, dtype=np.uint32)*156_000


def histograms(path):
    import h5py
    with h5py.File(path) as file: times, ends = file['units/spike_times'][:], file['units/spike_times_index'][:].astype(int)
    edges = np.arange(0, times.max() + 0.02, 0.02)
    return np.stack([np.histogram(train, bins=edges)[0] for train in np.split(times, ends[:-1])]).astype(np.uint8)


PLAIN = {'the table read with h5py, then `np.histogram` for each electrode': histograms}
