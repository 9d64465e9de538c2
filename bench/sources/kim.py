"A block of Kim: 97 units, 20 million spikes in the last of three hours."
import numpy as np

FILE = 'sub-A/sub-A_ses-20000101TX.nwb'


def make(path):
    import h5py
    rng = np.random.default_rng(0)
    with h5py.File(path, 'w') as file:
        file['units/id'] = np.arange(97)
        file['units/spike_times'] = (np.sort(rng.integers(7200*30_000, 10_800*30_000, (97, 206_000)), axis=1)/30_000).ravel()
        file['units/spike_times_index'] = (np.arange(1, 98)*206_000).astype(np.uint32)
        file['units/pen_ID'] = ['20000101p1']*97
        starts = 7201 + np.arange(7000)*0.5
        file['intervals/trials/start_time'], file['intervals/trials/stop_time'] = starts, starts + 0.3


def histograms(path):
    import h5py
    with h5py.File(path) as file:
        spike_times = np.split(file['units/spike_times'][:], file['units/spike_times_index'][:-1].astype(np.int64))
    edges = np.arange(0, max(times.max() for times in spike_times) + 0.02, 0.02)
    return np.array([np.histogram(times, bins=edges)[0].astype(np.uint8) for times in spike_times])


PLAIN = {'h5py, then `np.histogram` for each unit': histograms}
