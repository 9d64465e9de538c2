"Readers against files as labs write them."
import h5py
import numpy as np
import pytest
from neuralpile.counts import DataError
from neuralpile.formats import (mat_cells, mat_text, new_nwb, open_hdf5, open_npy, read_mat, read_nwb_matrix, read_nwb_units, save_mat, save_mat73,
    save_nwb, write_nwb_units)
from neuralpile.source import find_source, sample_folder, simulate_trains, sources
from plain import default_counts, nwb_spike_times, raster_counts
from pynwb import NWBHDF5IO, TimeSeries, validate
from pynwb.misc import Units


def trains(n=5): return simulate_trains(n, 20, np.array([5.0, 10.0]), seed=n)


@pytest.mark.parametrize('key', sources())
def test_samples_are_valid_nwb(key):
    source = find_source(key)
    for path in source.raw_files(sample_folder(source)): assert path.suffix != '.nwb' or not validate(path=str(path))


def test_units_in_a_processing_module(tmp_path):
    nwbfile = new_nwb('x')
    units = Units(name='units', description='sorted')
    for times in trains(): units.add_unit(spike_times=times)
    nwbfile.create_processing_module('ecephys', 'sorted').add(units)
    path = save_nwb(nwbfile, tmp_path/'sub-x'/'x.nwb')
    session = read_nwb_units(path, table='processing/ecephys/units')
    np.testing.assert_array_equal(session.counts(), default_counts(trains()))
    with pytest.raises(DataError, match='x.nwb: expected `units`; found no such member'): read_nwb_units(path)


def test_only_spike_times_and_their_index_are_read(tmp_path, monkeypatch):
    path = write_nwb_units(tmp_path/'sub-x'/'x.nwb', trains(), areas=('M1',), trials=[(1, 2)], waveform_samples=48)
    read, item = set(), h5py.Dataset.__getitem__
    monkeypatch.setattr(h5py.Dataset, '__getitem__', lambda self, *arguments, **options: (read.add(self.name), item(self, *arguments, **options))[1])
    read_nwb_units(path).counts()
    assert {name for name in read if name.startswith('/units/')} == {'/units/spike_times', '/units/spike_times_index'}


@pytest.mark.parametrize('chunks, compression', [(None, None), ((7,), 'gzip'), ((10**5,), 'gzip')])
def test_units_however_they_are_stored(tmp_path, chunks, compression):
    path = tmp_path/'x.nwb'
    with h5py.File(path, 'w') as file:
        file.create_dataset('units/spike_times', data=np.concatenate(trains(40)), chunks=chunks and (min(chunks[0], sum(map(len, trains(40)))),), compression=compression)
        file['units/spike_times_index'] = np.cumsum([len(times) for times in trains(40)]).astype(np.uint32)
    np.testing.assert_array_equal(read_nwb_units(path).counts(), default_counts(trains(40)))
    np.testing.assert_array_equal(np.concatenate(nwb_spike_times(path)), np.concatenate(trains(40)))


def with_units(path, **datasets):
    "A units table of just these datasets."
    with h5py.File(path, 'w') as file:
        for name, values in datasets.items(): file[f'units/{name}'] = values
    return path


@pytest.mark.parametrize('datasets, says', [
    (dict(id=[0, 1], spike_times=[0.1, 0.2]), 'expected `units/spike_times_index`; found no such member; /units holds id, spike_times'),
    (dict(id=[0, 1], spike_times_index=[1, 2]), 'expected `units/spike_times`'),
    (dict(id=[0, 1, 2], spike_times=[0.1, 0.2], spike_times_index=[1, 2]), '3 units, as `units/id` says; found an index of 2'),
    (dict(id=[0, 1], spike_times=[0.1], spike_times_index=[1, 2]), 'expected 2 spike times, as the index says; found 1'),
    (dict(id=[0], spike_times=[0.1, 0.2], spike_times_index=[1]), 'expected 1 spike times, as the index says; found more'),
    (dict(id=[0], spike_times=[[0.1, 0.2]], spike_times_index=[1]), 'as a list of numbers'),
    (dict(id=[0], spike_times=[b'0.1'], spike_times_index=[1]), 'as a list of numbers'),
    (dict(id=[0], spike_times=[30_000], spike_times_index=[1]), 'found int64. Are they samples?'),
    (dict(id=[0, 1], spike_times=[0.1, np.nan], spike_times_index=[1, 2]), 'NaN or infinity in unit 1'),
    (dict(id=[0, 1], spike_times=np.zeros(0), spike_times_index=[0, 0]), 'a spike after time zero'),
])
def test_a_damaged_units_table_is_named(tmp_path, datasets, says):
    with pytest.raises(DataError) as caught: read_nwb_units(with_units(tmp_path/'bad.nwb', **datasets))
    assert says in str(caught.value) and 'bad.nwb' in str(caught.value)


def test_observed_is_the_union_over_units(tmp_path):
    path = write_nwb_units(tmp_path/'sub-x'/'x.nwb', [np.array([0.5, 19.99]), np.array([3.0])], obs_intervals=[(0.01, 2.0), (4.0, 6.0), (18.0, 30.0)])
    assert read_nwb_units(path).observed == [(1, 100), (200, 300), (900, 1000)]
    assert read_nwb_units(write_nwb_units(tmp_path/'sub-x'/'y.nwb', trains())).observed is None


@pytest.mark.parametrize('intervals', [np.zeros((0, 2)), np.full((2, 2), np.nan)])
def test_intervals_that_say_nothing_leave_observed_unknown(tmp_path, intervals):
    times = np.concatenate(trains(2))
    path = with_units(tmp_path/'x.nwb', spike_times=times, spike_times_index=np.cumsum([len(train) for train in trains(2)]), obs_intervals=intervals, obs_intervals_index=[len(intervals)]*2)
    assert read_nwb_units(path).observed is None and read_nwb_units(path).counts().sum() == len(times)


def test_an_index_of_intervals_must_fit_them(tmp_path):
    path = with_units(tmp_path/'x.nwb', spike_times=[0.1], spike_times_index=[1], obs_intervals=[[0.0, 1.0]], obs_intervals_index=[99])
    with pytest.raises(DataError, match='x.nwb: expected an index of 1 observed intervals; found one that ends at 99'): read_nwb_units(path)


@pytest.mark.parametrize('name, values', [('intervals/trials/start_time', [b'now', b'then']), ('intervals/trials/start_time', [1.0]), ('general/extracellular_ephys/electrodes/location', b'M1'), ('general/subject/species', b'Mus\xe9e')])
def test_metadata_that_make_no_sense_cost_no_session(tmp_path, name, values):
    path = write_nwb_units(tmp_path/'sub-x'/'x.nwb', trains(), trials=[(1, 2), (3, 4)], areas=('M1',))
    with h5py.File(path, 'r+') as file:
        del file[name]
        file[name] = values
    session = read_nwb_units(path)
    assert session.counts().sum() == sum(map(len, trains())) and (session.trials is None) == ('trials' in name)


@pytest.mark.parametrize('timestamps', [np.full(100, np.nan), np.arange(99)*0.02, np.where(np.arange(100) == 50, np.nan, np.arange(100)*0.02)])
def test_timestamps_that_are_none_stop(tmp_path, timestamps):
    path = matrix_file(tmp_path/'a.nwb', np.ones((100, 3), dtype=np.uint8), timestamps=timestamps)
    with pytest.raises(DataError, match='a.nwb: expected a time for each of 100 rows'): read_nwb_matrix(path, data='m', rate=50)


@pytest.mark.parametrize('place', ['acquisition', 'analysis', 'processing'])
@pytest.mark.parametrize('storage', [dict(), dict(chunks=(64, 2), compression='gzip'), dict(chunks=(3000, 1), compression='gzip')])
def test_matrix_anywhere_however_stored(tmp_path, place, storage):
    raster = np.random.default_rng(0).integers(0, 3, (3015, 7), dtype=np.uint8)
    nwbfile, series = new_nwb('m'), TimeSeries(name='rasters', data=raster, rate=1000.0, unit='n')
    if place == 'processing': nwbfile.create_processing_module('ecephys', 'x').add(series)
    else: getattr(nwbfile, f'add_{place}')(series)
    path = save_nwb(nwbfile, tmp_path/'sub-m'/'m.nwb')
    data = {'processing': 'processing/ecephys/rasters'}.get(place, f'{place}/rasters')
    if storage:
        with h5py.File(path, 'r+') as file:
            del file[data]['data']
            file[data].create_dataset('data', data=raster, **storage)
    for found in (data, f'{data}/data'):
        session = read_nwb_matrix(path, data=found)
        np.testing.assert_array_equal(session.counts(), raster_counts(raster))
        np.testing.assert_array_equal(session.counts(50, 77), raster_counts(raster)[:, 50:77])


def test_damage_anywhere_in_a_file_never_escapes_as_something_else(tmp_path):
    "Bytes overwritten in many places: the file reads, or stops with a `DataError` that names it."
    whole = write_nwb_units(tmp_path/'sub-x'/'x.nwb', trains(), trials=[(1, 2)], areas=('M1',)).read_bytes()
    stopped = 0
    for place in np.random.default_rng(0).integers(0, len(whole), 400):
        damaged = bytearray(whole)
        damaged[place:place+16] = b'\xff'*len(damaged[place:place+16])
        (tmp_path/'bad.nwb').write_bytes(damaged)
        try: read_nwb_units(tmp_path/'bad.nwb').counts(0, 10)
        except DataError as error:
            assert 'bad.nwb' in str(error)
            stopped += 1
    assert stopped


def matrix_file(path, raster, names=None, **rate):
    with h5py.File(path, 'w') as file:
        file['m/data'] = raster
        if 'rate' in rate:
            file['m/starting_time'] = 0.0
            file['m/starting_time'].attrs['rate'] = rate['rate']
        if 'timestamps' in rate: file['m/timestamps'] = rate['timestamps']
        if names: file['names'] = names
    return path


def test_rate_from_file_or_source_and_they_must_agree(tmp_path):
    raster = np.ones((100, 3), dtype=np.uint8)
    assert read_nwb_matrix(matrix_file(tmp_path/'a.nwb', raster), data='m', rate=1000).n_bins == 5
    assert read_nwb_matrix(matrix_file(tmp_path/'b.nwb', raster, timestamps=np.arange(100)*0.02), data='m').n_bins == 100
    assert read_nwb_matrix(matrix_file(tmp_path/'c.nwb', raster, rate=1000.0), data='m', rate=1000).n_bins == 5
    with pytest.raises(DataError, match='d.nwb: expected a sampling rate'): read_nwb_matrix(matrix_file(tmp_path/'d.nwb', raster), data='m')
    with pytest.raises(DataError, match='expected 1000 Hz in `m`; found 500 Hz'): read_nwb_matrix(matrix_file(tmp_path/'e.nwb', raster, rate=500.0), data='m', rate=1000)


def test_a_turned_matrix_stops(tmp_path):
    raster = np.ones((100, 40), dtype=np.uint8)
    with pytest.raises(DataError, match='transposed'): read_nwb_matrix(matrix_file(tmp_path/'a.nwb', raster.T), data='m', rate=1000)
    with pytest.raises(DataError, match='100 units, as `names` names them; found 40 columns'):
        read_nwb_matrix(matrix_file(tmp_path/'b.nwb', raster, names=[b'u']*100), data='m', rate=1000, unit_names='names')


def test_pynwb_reads_what_we_write(tmp_path):
    path = write_nwb_units(tmp_path/'sub-C'/'x.nwb', trains(), areas=('M1', 'PMd'), trials=[(0, 1), (2, 3)], waveform_samples=4)
    with NWBHDF5IO(str(path), 'r') as io:
        nwbfile = io.read()
        assert len(nwbfile.units) == 5 and len(nwbfile.trials) == 2 and nwbfile.subject.species == 'Macaca mulatta'
        np.testing.assert_array_equal(nwbfile.units['spike_times'][2], trains()[2])


def fuzz(whole, path, read, places, n=300):
    "Bytes overwritten at random: `read` reads, or stops with a `DataError`. How often it stopped."
    rng, stopped = np.random.default_rng(0), 0
    for place in rng.integers(places, len(whole), n):
        damaged = bytearray(whole)
        length = min(int(rng.integers(1, 17)), len(whole) - place)
        damaged[place:place+length] = rng.bytes(length)
        path.write_bytes(damaged)
        try: read(path)
        except DataError as error:
            assert path.name in str(error)
            stopped += 1
    return stopped


def test_matlab_5_damaged_anywhere(tmp_path):
    whole = save_mat(tmp_path/'a.mat', dict(tx1=np.arange(900, dtype=np.uint8).reshape(300, 3), more=np.ones((50, 5)), s=dict(occ=np.ones((3, 4))))).read_bytes()
    assert fuzz(whole, tmp_path/'bad.mat', lambda path: read_mat(path, 'tx1', 's'), places=128) > 100
    for size in range(0, len(whole) - 1, 41):
        (tmp_path/'cut.mat').write_bytes(whole[:size])
        with pytest.raises(DataError, match='cut.mat: expected'): read_mat(tmp_path/'cut.mat', 'tx1', 's')


def test_matlab_73_damaged_anywhere(tmp_path):
    whole = save_mat73(tmp_path/'a.mat', dict(spikes=[[np.arange(20.0)]*3]*5, chan_names=[['M1 001']]*5)).read_bytes()
    def read(path):
        with open_hdf5(path) as file: return mat_cells(file, 'spikes'), mat_text(file, 'chan_names')
    assert fuzz(whole, tmp_path/'bad.mat', read, places=512) > 30


def test_matlab_files_are_told_apart(tmp_path):
    new = save_mat73(tmp_path/'new.mat', dict(tx1=np.ones((3, 3))))
    with pytest.raises(DataError, match='new.mat: expected a MATLAB file of version 5; found one of version 7.3'): read_mat(new, 'tx1')
    old = save_mat(tmp_path/'old.mat', dict(spikes=np.ones((3, 3))))
    with pytest.raises(DataError, match='old.mat: expected a readable HDF5 file; found another kind of file'):
        with open_hdf5(old) as file: mat_cells(file, 'spikes')


def test_what_matlab_sees(tmp_path):
    "Arrays come back as they were written, through scipy and with h5py's dimensions reversed; an empty cell is no spike."
    values = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(read_mat(save_mat(tmp_path/'old.mat', dict(x=values)), 'x')['x'], values)
    with h5py.File(save_mat73(tmp_path/'new.mat', dict(x=values, c=[[np.zeros((0, 0)), values[:1]]]))) as file:
        np.testing.assert_array_equal(file['x'][:], values.T)
        empty = file[file['c'][0, 0]]
        assert empty.shape == (2,) and empty.attrs['MATLAB_empty'] == 1 and file['x'].attrs['MATLAB_class'] == b'double'
        assert [cell.tolist() for cell in mat_cells(file, 'c')[0]] == [[], values[0].tolist()]


@pytest.mark.parametrize('array, says', [(np.array([{}], dtype=object), 'Object arrays|Python objects'), (np.ones((2, 3)), r'float64 of shape \(2, 3\)'), (np.ones((2, 3, 4), dtype='S2'), 'of shape')])
def test_numpy_files_that_are_refused(tmp_path, array, says):
    np.save(tmp_path/'a.npy', array)
    with pytest.raises(DataError, match=f'a.npy: expected an array of numbers.*{says}'): open_npy(tmp_path/'a.npy')
