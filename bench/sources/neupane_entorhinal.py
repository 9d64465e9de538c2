"A session of Neupane (EC): 1.5 h, 95 clusters, 3.1 million spikes."
from units import histograms, write_table

FILE = 'sub-amadeus/sub-amadeus_ses-01012000_behavior+ecephys.nwb'


def make(path): write_table(path, n_units=95, seconds=5400, n_spikes=32_928, table='processing/ecephys/units')


def by_unit(path): return histograms(path, 'processing/ecephys/units')


PLAIN = {'the times read by h5py, then `np.histogram` for each unit': by_unit}
