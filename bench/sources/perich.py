"A session of Perich: 1 h, 300 units, 6.5 million spikes."
import numpy as np

FILE = 'sub-C/sub-C_ses-CO-20000101_behavior+ecephys.nwb'


def make(path):
    from neuralpile.formats import write_nwb_units
    rng = np.random.default_rng(0)
    write_nwb_units(path, [np.sort(rng.integers(0, 3600*30_000, 21_667))/30_000 for _ in range(300)])


def dataframe(path):
    from pynwb import NWBHDF5IO
    with NWBHDF5IO(str(path), 'r') as io:
        spike_times = io.read().units.to_dataframe().spike_times
        edges = np.arange(0, max(times.max() for times in spike_times) + 0.02, 0.02)
        return np.array([np.histogram(times, bins=edges)[0] for times in spike_times]).astype(np.uint8)


PLAIN = {'`units.to_dataframe()`, then `np.histogram` for each unit': dataframe}
