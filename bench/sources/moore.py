"The session of Moore: 2.1 h, 81 units, 18.8 million spikes."
import numpy as np

FILE = 'sub-MG/sub-MG_ses-20000101_behavior+ecephys.nwb'


def make(path):
    import h5py
    rng = np.random.default_rng(0)
    trains = [np.sort(rng.integers(0, 7566*30_000, 232_326))/30_000 for _ in range(81)]
    with h5py.File(path, 'w') as file:
        file['units/id'] = np.arange(81)
        file['units/spike_times'] = np.concatenate(trains)
        file['units/spike_times_index'] = np.cumsum([len(train) for train in trains], dtype=np.uint32)


def histograms(path):
    import h5py
    with h5py.File(path) as file:
        times, ends = file['units/spike_times'][:], file['units/spike_times_index'][:].astype(int)
    trains = np.split(times, ends[:-1])
    edges = np.arange(0, max(train.max() for train in trains) + 0.02, 0.02)
    return np.array([np.histogram(train, bins=edges)[0] for train in trains]).astype(np.uint8)


PLAIN = {'the times read by h5py, then `np.histogram` for each unit': histograms}
