"A raw file of Chen under any name is mentioned and costs no session; one without voltage is a failure."
import shutil

import h5py
import pytest
from neuralpile.build import BuildFailed, build
from neuralpile.source import find_source, sample_folder
from neuralpile.sources.chen import write_raw


def test_raw_voltage_is_passed_over_by_content(tmp_path, rows):
    source, raw = find_source('chen'), tmp_path/'raw'
    shutil.copytree(sample_folder(source), raw)
    (raw/'SIMULATED.txt').unlink()
    path = raw/'sub-Lalo'/'sub-Lalo_ses-20000102_raw.nwb'
    write_raw(path, 'Lalo')
    report = build(source, raw_dir=str(raw), out_dir=str(tmp_path/'pile'))
    assert len(report.sessions) == 2 and not report.failures
    (message,) = report.passed_over
    assert message.startswith('chen: sub-Lalo/sub-Lalo_ses-20000102_raw.nwb: expected a table `units`; found raw voltage alone') and message in repr(report)
    with h5py.File(path, 'r+') as file: del file['acquisition/ElectricalSeries']
    with pytest.raises(BuildFailed, match='1 failures, 2 sessions were built.*\n.*_raw.nwb: expected `units`; found no such member'):
        build(source, raw_dir=str(raw), out_dir=str(tmp_path/'again'))


def test_raw_voltage_beside_units_is_a_session(tmp_path):
    source = find_source('chen')
    first = source.raw_files(sample_folder(source))[0]
    path = tmp_path/'sub-Lalo'/first.name
    path.parent.mkdir()
    shutil.copy(first, path)
    with h5py.File(path, 'r+') as file: file.require_group('acquisition/voltage').attrs['neurodata_type'] = 'ElectricalSeries'
    assert (source.session(path).counts() == source.session(first).counts()).all()
