"The command, as installed."
import re
import shutil

import matplotlib.image
import nbformat
import numpy as np
import pytest
from neuralpile.cli import run_source
from neuralpile.formats import write_nwb_units
from neuralpile.source import sources
from notebooks import ROOT, SOURCES, readme_commands

HEAVY = {'pynwb', 'hdmf', 'h5py', 'datasets', 'pyarrow', 'matplotlib', 'papermill', 'huggingface_hub', 'pandas', 'IPython', 'dandi', 'dask', 'distributed'}


@pytest.mark.parametrize('code', ['import neuralpile', 'from neuralpile.cli import main; main(["list"], standalone_mode=False)'])
def test_heavy_libraries_load_where_they_are_used(command, tmp_path, code):
    result = command('python', '-c', f'import sys\n{code}\nprint("LOADED", *sys.modules)', cwd=tmp_path)
    assert not HEAVY & set(result.stdout.split('LOADED')[1].split())


def test_list_shows_every_source(command, tmp_path):
    result = command('neuralpile', 'list', cwd=tmp_path)
    for key, source in sources().items():
        line = next(line for line in result.stdout.splitlines() if line.startswith(f'{key} '))
        assert source.name in line and (not source.published or f'{source.published.tokens:,}' in line)


def test_demo_as_the_readme_says(command, tmp_path, rows):
    demo = readme_commands()[0].split(' && ')[-1].split()
    result = command(*demo, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    out = tmp_path/'neuralpile-demo'
    catalogue = (out/'catalogue.md').read_text()
    for key, source in sources().items():
        picture = matplotlib.image.imread(out/'rasters'/f'{key}.png')
        assert picture.shape[0] > 200 and picture[..., 0].std() > 0.05
        tokens = sum(rows(out/key, 'sessions')['tokens'])
        assert tokens > 0 and re.search(rf'\| {key} \| {tokens:,} \|', catalogue)
        assert (out/key/'build.ipynb').exists()
    for column in ('tokens built', 'published tokens', 'source', 'licence', 'species', 'subjects', 'sessions'): assert column in catalogue
    assert str(out) in result.stdout and 'simulated' in catalogue


def test_build_and_raster(command, tmp_path):
    built = command('neuralpile', 'build', 'perich', 'xiao', '--out-dir', 'pile', '--n-sessions', 1, '--bin-ms', 50, '--published', cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    assert {path.name for path in (tmp_path/'pile').iterdir()} == {'perich', 'xiao', '.neuralpile'}
    assert 'bin_ms = 50' in (tmp_path/'pile'/'xiao'/'build.ipynb').read_text()
    for ending in ('png', 'svg'):
        drawn = command('neuralpile', 'raster', 'pile/xiao', '--out', f'x.{ending}', cwd=tmp_path)
        assert drawn.returncode == 0 and (tmp_path/f'x.{ending}').stat().st_size > 5_000
    assert 'simulated sample' in (tmp_path/'x.svg').read_text() or '<!-- ' in (tmp_path/'x.svg').read_text()
    missing = command('neuralpile', 'raster', 'pile/xiao', '--row', 7, cwd=tmp_path)
    assert missing.returncode == 1 and 'found 1 rows' in missing.stderr


def test_raw_dir_holds_one_folder_per_source(command, tmp_path):
    from neuralpile.source import sample_folder
    for key in ('perich', 'xiao'): shutil.copytree(sample_folder(sources()[key]), tmp_path/'raw'/key)
    result = command('neuralpile', 'build', 'perich', 'xiao', '--raw-dir', 'raw', '--out-dir', 'pile', cwd=tmp_path)
    assert result.returncode == 0 and str(tmp_path/'raw'/'xiao') in (tmp_path/'pile'/'xiao'/'build.ipynb').read_text()
    shutil.rmtree(tmp_path/'raw'/'xiao')
    result = command('neuralpile', 'build', 'perich', 'xiao', '--raw-dir', 'raw', '--out-dir', 'pile', cwd=tmp_path)
    assert result.returncode == 1 and re.search('perich +built +2 ', result.stdout) and re.search('xiao +failed', result.stdout) and 'xiao: expected *.nwb under xiao' in result.stderr


def test_verify_says_which_numbers_differ(command, tmp_path):
    "Two simulated files that pass for recordings: the subject and the number of sessions agree with the published pile, the tokens can't."
    from neuralpile.source import sample_folder
    raw = tmp_path/'raw'/'area2-bump'
    shutil.copytree(sample_folder(sources()['area2-bump']), raw)
    sample = command('neuralpile', 'build', 'area2-bump', '--out-dir', 'pile', cwd=tmp_path)
    refused = command('neuralpile', 'verify', 'area2-bump', '--out-dir', 'pile', cwd=tmp_path)
    assert sample.returncode == 0 and refused.returncode == 1 and 'area2-bump: expected a build of recordings; found the simulated sample' in refused.stderr
    (raw/'SIMULATED.txt').unlink()
    assert command('neuralpile', 'build', 'area2-bump', '--raw-dir', 'raw', '--out-dir', 'pile', cwd=tmp_path).returncode == 0
    result = command('neuralpile', 'verify', 'all', '--out-dir', 'pile', cwd=tmp_path)
    lines = {line.split()[1]: line.split()[-1] for line in result.stdout.splitlines() if line.startswith('area2-bump')}
    assert result.returncode == 1 and lines == {'tokens': 'NO', 'subjects': 'yes', 'sessions': 'yes', 'rows,': 'yes', 'files': 'yes'}
    shard, = (tmp_path/'pile'/'area2-bump'/'data').iterdir()
    shard.unlink()
    assert 'rows, as its sessions have segments' in (lost := command('neuralpile', 'verify', 'area2-bump', '--out-dir', 'pile', cwd=tmp_path).stdout) and lost.count('NO') == 2
    assert '7,394,070' in result.stdout and 'papale: expected a built dataset in papale; found none. Build it with `neuralpile build papale`.' in result.stderr


def test_a_refused_build_leaves_the_record_of_the_dataset(command, tmp_path):
    for name in 'ab': write_nwb_units(tmp_path/'raw'/'sub-Y'/f'{name}.nwb', [np.arange(100)/10])
    def build(*more): return command('neuralpile', 'build', 'template', '--raw-dir', 'raw', '--out-dir', 'pile', *more, cwd=tmp_path)
    assert build().returncode == 0
    record = (tmp_path/'pile'/'template'/'build.ipynb').read_bytes()
    refused = build('--n-sessions', 1)
    assert refused.returncode == 1 and '1 missing, sub-Y/b.nwb first' in refused.stderr
    assert (tmp_path/'pile'/'template'/'build.ipynb').read_bytes() == record
    assert '1 missing' in (tmp_path/'pile'/'template'/'build-refused.ipynb').read_text()


def test_a_build_is_not_done_twice_and_damage_is_found(command, tmp_path):
    for name in 'ab': write_nwb_units(tmp_path/'raw'/'sub-Y'/f'{name}.nwb', [np.arange(100)/10])
    def build(): return command('neuralpile', 'build', 'template', '--raw-dir', 'raw', '--out-dir', 'pile', '--workers', 1, cwd=tmp_path)
    def look(): return command('neuralpile', 'verify', 'template', '--deep', '--out-dir', 'pile', cwd=tmp_path)
    first = build()
    assert first.returncode == 0 and re.search(r'template +built +2 +990', first.stdout)
    shard = tmp_path/'pile'/'template'/'data'/'train-00000-of-00001.parquet'
    content = shard.read_bytes()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path/'pile'/'template').rglob('*')}
    assert build().returncode == 0 and {path: path.stat().st_mtime_ns for path in (tmp_path/'pile'/'template').rglob('*')} == before, 'the record of what made it stays too'
    assert look().returncode == 0
    shard.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    damaged = look()
    assert damaged.returncode == 1 and re.search(r'train-00000-of-00001.parquet .* NO', damaged.stdout)
    assert build().returncode == 0 and look().returncode == 0 and shard.read_bytes() == content


def test_a_kernel_that_dies_is_reported(tmp_path, monkeypatch):
    notebook = nbformat.read(SOURCES/'template.ipynb', 4)
    notebook.cells[-1].source = 'import os; os._exit(9)'
    nbformat.write(notebook, tmp_path/'dying.ipynb')
    monkeypatch.setattr('neuralpile.cli.notebook_path', lambda key: tmp_path/'dying.ipynb')
    assert run_source('template', tmp_path/'pile', progress_bar=False) == 'template: the kernel died, most likely because memory ran out'
    assert (tmp_path/'pile'/'template'/'build.ipynb').exists()


@pytest.mark.parametrize('arguments, says', [(['build', 'perch', '--out-dir', 'pile'], 'expected one of the sources'), (['build', 'perich'], 'Missing option'),
    (['build', 'perich', '--out-dir', 'pile', '--raw-dir', 'nowhere'], 'nowhere is not there'), (['build', 'perich', '--out-dir', 'pile', '--bin-ms', 'x'], 'not a valid integer'),
    (['build', 'perich', '--out-dir', 'pile', '--bin-ms', '0'], 'expected bin_ms of at least 1'), (['raster', '.'], 'Is this the folder of one built source'), (['raster', '.', '--out', 'a.bmp2'], 'does not end in png')])
def test_mistakes_are_answered(command, tmp_path, arguments, says):
    result = command('neuralpile', *arguments, cwd=tmp_path)
    assert result.returncode != 0 and says in result.stdout + result.stderr and 'Traceback' not in result.stderr


def test_tab_completion(command, tmp_path):
    def complete(words): return command('neuralpile', cwd=tmp_path, env={'_NEURALPILE_COMPLETE': 'bash_complete', 'COMP_WORDS': words, 'COMP_CWORD': str(len(words.split()) - 1)}).stdout
    assert 'perich' in complete('neuralpile build pe') and 'xiao' not in complete('neuralpile build pe')
    assert '--raw-dir' in complete('neuralpile build --ra')


def test_papermill_alone_from_any_folder(tmp_path, command):
    result = command('papermill', SOURCES/'xiao.ipynb', cwd=tmp_path)
    assert result.returncode == 0 and '### Xiao: simulated sample, default mode' in result.stdout
    assert not list(tmp_path.iterdir())


def test_source_26_is_one_notebook(tmp_path, command):
    "A copy of the template under another key: list, build, demo and tests find it, and nothing else was touched."
    copy = tmp_path/'neuralpile'
    shutil.copytree(ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns('.git', '.venv*', '__pycache__', '*.egg-info', 'build', 'neuralpile-demo'))
    def files(): return {path.relative_to(copy).as_posix(): path.read_bytes() for path in copy.rglob('*') if path.is_file() and '__pycache__' not in path.parts and '.pytest_cache' not in path.parts}
    before = files()
    text = (copy/'nbs'/'sources'/'template.ipynb').read_text(encoding='utf-8')
    text = text.replace('default_exp sources.template', 'default_exp sources.my_lab').replace("key='template', name='Template'", "key='my-lab', name='My lab'")
    text = text.replace('template · sub-X', 'my-lab · sub-X').replace('Source(template:', 'Source(my-lab:').replace('### Template:', '### My lab:').replace('**Template** (`template`)', '**My lab** (`my-lab`)')
    (copy/'nbs'/'sources'/'my-lab.ipynb').write_text(text, encoding='utf-8')
    assert command('nbdev_export', cwd=copy).returncode == 0
    after = files()
    assert {name for name in after if after[name] != before.get(name)} == {'nbs/sources/my-lab.ipynb', 'neuralpile/sources/my_lab.py', 'neuralpile/_modidx.py'} and set(before) <= set(after)

    here = {'PYTHONPATH': str(copy)}
    assert 'My lab' in command('neuralpile', 'list', cwd=tmp_path, env=here).stdout
    assert command('neuralpile', 'build', 'my-lab', '--out-dir', 'pile', cwd=tmp_path, env=here).returncode == 0
    assert (tmp_path/'pile'/'my-lab'/'sessions.parquet').exists()
    assert command('neuralpile', 'raster', 'pile/my-lab', cwd=tmp_path, env=here).returncode == 0
    tests = command('pytest', '-n0', '-k', 'my-lab', '-p', 'no:cacheprovider', 'tests/test_notebooks.py', 'tests/test_house.py', 'tests/test_build.py', 'tests/test_formats.py', cwd=copy, env=here)
    assert tests.returncode == 0, tests.stdout
    assert int(re.search(r'(\d+) passed', tests.stdout)[1]) >= 9
