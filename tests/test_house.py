"The checks of the house: what every notebook and the repository as a whole keep to."
import ast
import re
import shutil
import subprocess
from configparser import ConfigParser

import nbformat
import pytest
import yaml
from notebooks import ROOT, SHARED_PARAMETERS, SOURCES, all_notebooks, readme_commands, readme_text

each_notebook = pytest.mark.parametrize('path', all_notebooks(), ids=lambda path: path.relative_to(ROOT/'nbs').as_posix())
each_source = pytest.mark.parametrize('path', sorted(SOURCES.glob('*.ipynb')), ids=lambda path: path.stem)


def settings():
    config = ConfigParser(delimiters=['='])
    config.read(ROOT/'settings.ini', encoding='utf-8')
    return config['DEFAULT']


def code_cells(path): return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == 'code' and cell.source.strip()]


def requirement_name(requirement): return re.split(r'[<>=!~\[]', requirement)[0].lower().replace('_', '-')


def test_clean_and_export_change_nothing(tmp_path):
    copy = tmp_path/'neuralpile'
    shutil.copytree(ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns('.git', '.venv*', '__pycache__', '*.egg-info', 'build', 'neuralpile-demo'))
    def contents(): return {path.relative_to(copy).as_posix(): path.read_bytes() for path in copy.rglob('*') if path.is_file() and '__pycache__' not in path.parts}
    before = contents()
    for tool in ('nbdev_clean', 'nbdev_export'): subprocess.run([tool], cwd=copy, check=True, capture_output=True)
    after = contents()
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    assert not changed, 'run python tests/refresh.py'


@each_notebook
def test_imports_stand_alone(path):
    for cell in code_cells(path):
        kinds = {isinstance(statement, (ast.Import, ast.ImportFrom)) for statement in ast.parse(cell.source.replace('%matplotlib', '#')).body}
        assert len(kinds) < 2, f'a cell mixes imports with code:\n{cell.source}'


@each_notebook
def test_prose(path):
    cells = nbformat.read(path, 4).cells
    prose = [cell.source for cell in cells if cell.cell_type == 'markdown']
    assert re.match(r'# .+\n\n> .+', prose[0]) or re.match(r'# .+\n\n> .+', '\n\n'.join(prose[:2])), 'a notebook begins with a title and a line that says what it is about'
    words, n_code = sum(len(text.split()) for text in prose), len(code_cells(path))
    assert words >= 12*n_code, f'{words} words for {n_code} code cells'


@each_notebook
def test_outputs_hold_nothing_of_this_machine(path):
    for cell in code_cells(path):
        assert cell.execution_count is None
        for output in cell.outputs:
            assert output.get('execution_count') is None
            assert output.output_type != 'error' and output.get('name') != 'stderr', f'an error or a warning in the outputs of\n{cell.source}'
            shown = '\n'.join([output.get('text', ''), *(str(value) for kind, value in output.get('data', {}).items() if not kind.startswith('image/'))])
            assert not re.search(r'(?<![\w.])/(home|root|tmp|work|Users|var|private|mnt|opt)/', shown), f'an absolute path in the outputs of\n{cell.source}'
            assert not re.search(r'\b\d{1,2}:\d{2}(:\d{2})?\b', shown), f'a clock time in the outputs of\n{cell.source}'
            assert not re.search(r'\bat 0x[0-9a-f]{6,}', shown), f'a memory address in the outputs of\n{cell.source}'


@each_source
def test_source_parameters(path):
    tagged = [cell for cell in code_cells(path) if 'parameters' in cell.metadata.get('tags', [])]
    assert len(tagged) == 1, 'one cell is tagged `parameters`'
    assert 'export' not in tagged[0].source
    found = {}
    for statement, line in zip(ast.parse(tagged[0].source).body, tagged[0].source.splitlines()):
        assert isinstance(statement, ast.AnnAssign) and '#' in line, f'a parameter has a type and a comment: {line}'
        ast.literal_eval(statement.value)
        found[statement.target.id] = statement.annotation.id
    assert {name: kind for name, kind in found.items() if name in SHARED_PARAMETERS} == SHARED_PARAMETERS


@each_source
def test_source_is_found_under_the_name_of_its_notebook(path):
    from neuralpile.source import notebook_path, sources
    assert path.stem in sources()
    assert notebook_path(path.stem) == path


def test_no_notebook_exports_within_itself():
    for path in all_notebooks(): assert 'nbdev_export' not in ''.join(cell.source for cell in code_cells(path))


def test_readme_is_the_index():
    assert (ROOT/'README.md').read_text(encoding='utf-8') == readme_text(), 'run python tests/refresh.py'


def test_readme_links_lead_somewhere():
    for target in re.findall(r'\]\(([^)#]+)\)', (ROOT/'README.md').read_text(encoding='utf-8')):
        assert target.startswith('https://') or (ROOT/target).exists(), target


def test_readme_commands():
    demo, tests = readme_commands()
    assert demo.endswith(' && neuralpile demo') and tests.endswith(' && pytest')
    assert "'.[dev]'" in tests and (ROOT/'constraints.txt').exists()


def test_every_dependency_is_explained_and_pinned():
    table = re.findall(r'^\| (\w+) \|', (next(cell.source for cell in nbformat.read(ROOT/'nbs'/'dependencies.ipynb', 4).cells if '| library |' in cell.source)), re.M)
    runtime = [re.split('[<>=]', requirement)[0] for requirement in settings()['requirements'].split()]
    assert sorted(table) == sorted(['library', *runtime])
    pinned = dict(line.split('==') for line in (ROOT/'constraints.txt').read_text().split())
    pinned = {name.lower().replace('_', '-') for name in pinned}
    for requirement in (settings()['requirements'] + ' ' + settings()['dev_requirements']).split(): assert requirement_name(requirement) in pinned


def test_site_configuration():
    assert (ROOT/'nbs'/'_quarto.yml').is_symlink() and (ROOT/'nbs'/'_quarto.yml').resolve() == ROOT/'_quarto.yml'
    def entries(contents):
        for item in contents if isinstance(contents, list) else [contents]:
            if isinstance(item, dict): yield from entries(item['contents'])
            else: yield item
    listed = set()
    for entry in entries(yaml.safe_load((ROOT/'_quarto.yml').read_text())['website']['sidebar']['contents']):
        found = set((ROOT/'nbs').glob(entry if entry.endswith('.ipynb') else f'{entry}.ipynb'))
        assert found, entry
        listed |= found
    assert listed == set(all_notebooks())


def test_one_set_of_checks():
    "The workflow and the commit hooks run what `.ci/run` runs."
    workflow = yaml.safe_load((ROOT/'.github'/'workflows'/'test.yml').read_text())
    assert any('.ci/run' in step.get('run', '') for step in workflow['jobs']['test']['steps'])
    hooks = {hook['id']: hook['entry'] for repo in yaml.safe_load((ROOT/'.pre-commit-config.yaml').read_text())['repos'] for hook in repo['hooks']}
    assert '.ci/run' in hooks.values()
    assert re.search(r'readme_commands|README\.md', (ROOT/'.ci'/'run').read_text())
