"Reading and running the notebooks, for the tests and for `refresh.py`."
import ast
import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
SOURCES = ROOT/'nbs'/'sources'


def all_notebooks(root=ROOT):
    "Every notebook of the project, in order of its path."
    return sorted(path for path in (root/'nbs').rglob('*.ipynb') if not any(part.startswith(('.', '_')) for part in path.relative_to(root).parts))


def execute(path, timeout=300):
    "The notebook, executed from top to bottom in its own folder, without execution counts."
    notebook = nbformat.read(path, 4)
    # warnings of the kernel about itself do not belong into a notebook
    NotebookClient(notebook, timeout=timeout, kernel_name='python3', resources={'metadata': {'path': str(path.parent)}},
        extra_arguments=['--IPKernelApp.log_level=CRITICAL']).execute()
    for cell in notebook.cells:
        cell.metadata.pop('execution', None)
        if cell.cell_type != 'code': continue
        cell.execution_count = None
        cell.outputs = [_plain(output) for output in _joined(cell.outputs)]
    return notebook


def _joined(outputs):
    "Outputs with neighbouring pieces of one stream put together; how they were cut depends on timing."
    joined = []
    for output in outputs:
        if output.output_type == 'stream' and joined and joined[-1].output_type == 'stream' and joined[-1].name == output.name: joined[-1].text += output.text
        else: joined.append(output)
    return joined


def _plain(output):
    if 'execution_count' in output: output.execution_count = None
    return output


SHARED_PARAMETERS = dict(raw_dir='str', out_dir='str', fetch='str', keep_raw='bool', n_sessions='int', bin_ms='int', max_tokens='int', workers='int', scheduler='str', published='bool', push_to='str')


def own_parameters(path):
    "The parameters that a source notebook has beyond the shared ones, with their defaults."
    (cell,) = [cell for cell in nbformat.read(path, 4).cells if 'parameters' in cell.metadata.get('tags', [])]
    found = {statement.target.id: ast.literal_eval(statement.value) for statement in ast.parse(cell.source).body}
    return {name: value for name, value in found.items() if name not in SHARED_PARAMETERS}


def texts(notebook):
    "What the cells print and return, pictures left out and durations made alike; one list of strings for each code cell."
    def text(output):
        found = [output.get('text', '')] + [str(value) for kind, value in sorted(output.get('data', {}).items()) if not kind.startswith('image/')]
        return re.sub(r'(\| seconds \|) [\d.]+', r'\1 -', '\n'.join(found))
    return [[text(output) for output in cell.outputs] for cell in notebook.cells if cell.cell_type == 'code']


def readme_text(root=ROOT):
    "The README: the index notebook as Markdown, with hidden cells left out."
    from nbconvert import MarkdownExporter
    notebook = nbformat.read(root/'nbs'/'index.ipynb', 4)
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith('#| hide')]
    for cell in notebook.cells:
        if cell.source.startswith('#| echo: false'): cell.cell_type, cell.source = 'markdown', ''.join(output.data['text/markdown'] for output in cell.outputs)
    notebook.metadata.language_info = {'name': 'python'} # colours the code
    exporter = MarkdownExporter(exclude_input_prompt=True, exclude_output_prompt=True)
    text = re.sub(r'\n{3,}', '\n\n', exporter.from_notebook_node(notebook)[0]).strip() + '\n'
    return re.sub(r'\]\((?!https?:)([^)]+\.ipynb)\)', r'](nbs/\1)', text) # links of the site lead from nbs/


def readme_commands(root=ROOT):
    "The two set-up commands of the README: demo, tests."
    return [line for line in (root/'README.md').read_text(encoding='utf-8').splitlines() if line.startswith('python3 -m venv')]
