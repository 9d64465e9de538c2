"The session of Moore: 2.1 h, 81 units, 18.8 million spikes."
from units import PLAIN, write_table

FILE = 'sub-MG/sub-MG_ses-20000101_behavior+ecephys.nwb'


def make(path): write_table(path, n_units=81, seconds=7566, n_spikes=232_326)
