"A session of Even-Chen: 1.9 h, 192 electrodes, 3,400 trials, 14 million spikes on a lattice of 1 ms."
import numpy as np

FILE = 'sub-JenkinsC/sub-JenkinsC_ses-20151001T150307_behavior+ecephys.nwb'


def make(path):
    import h5py
    rng = np.random.default_rng(0)
    starts = np.arange(3400)*2.0
    lattice = (starts[:, None] + np.arange(1500)/1e3).ravel()
    electrodes = [lattice[rng.random(len(lattice), dtype=np.float32) < 0.0145] for _ in range(192)]
    with h5py.File(path, 'w') as file:
        file['units/id'] = np.arange(192)
        file['units/spike_times'] = np.concatenate(electrodes)
        file['units/spike_times_index'] = np.cumsum([len(times) for times in electrodes]).astype(np.uint32)
        file['units/obs_intervals'] = np.tile([0, lattice[-1]], (192, 1))
        file['units/obs_intervals_index'] = np.arange(1, 193).astype(np.uint8)
        file['intervals/trials/start_time'], file['intervals/trials/stop_time'] = starts, starts + 1.499


def histograms(path):
    import h5py
    with h5py.File(path) as file:
        spike_times = np.split(file['units/spike_times'][:], file['units/spike_times_index'][:-1].astype(np.int64))
    edges = np.arange(0, max(times.max() for times in spike_times) + 0.02, 0.02)
    return np.array([np.histogram(times, bins=edges)[0].astype(np.uint8) for times in spike_times])


PLAIN = {'h5py, then `np.histogram` for each electrode': histograms}
