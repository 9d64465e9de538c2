"A session of Neupane (EC): 1.5 h, 95 clusters, 3.1 million spikes."
import numpy as np

FILE = 'sub-amadeus/sub-amadeus_ses-01012000_behavior+ecephys.nwb'


def make(path):
    import h5py
    rng = np.random.default_rng(0)
    trains = [np.sort(rng.integers(0, 5400*30_000, 32_928))/30_000 for _ in range(95)]
    with h5py.File(path, 'w') as file:
        file['processing/ecephys/units/id'] = np.arange(95)
        file['processing/ecephys/units/spike_times'] = np.concatenate(trains)
        file['processing/ecephys/units/spike_times_index'] = np.cumsum([len(train) for train in trains], dtype=np.uint32)


def histograms(path):
    import h5py
    with h5py.File(path) as file:
        times, ends = file['processing/ecephys/units/spike_times'][:], file['processing/ecephys/units/spike_times_index'][:].astype(int)
    trains = np.split(times, ends[:-1])
    edges = np.arange(0, max(train.max() for train in trains) + 0.02, 0.02)
    return np.array([np.histogram(train, bins=edges)[0] for train in trains]).astype(np.uint8)


PLAIN = {'the times read by h5py, then `np.histogram` for each unit': histograms}
