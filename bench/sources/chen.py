"A session of Chen: 1 h, 286 units, 7.2 million spikes."
from units import PLAIN, write_table

FILE = 'sub-Lalo/sub-Lalo_ses-20000101_behavior+ecephys.nwb'


def make(path): write_table(path, n_units=286, seconds=3600, n_spikes=25_000)
