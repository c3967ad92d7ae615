"""Is the catalogue covered: does every code have its cases and document?"""
import json
import os
import subprocess

from notation.bundle import FOLDER
from notation.expectation import Expectations

REAL_SCHEMAS = {'nb': '/usr/share/ovn/ovn-nb.ovsschema',
                'sb': '/usr/share/ovn/ovn-sb.ovsschema',
                'ovs': '/usr/share/openvswitch/vswitch.ovsschema'}


def tests(provnet, root, cases):
    """Yields name, result and what to say, one for each test."""
    codes = [rule['code'] for rule in json.loads(
        output_of(provnet, 'rules', '--format', 'json'))]
    firing = {code for case in cases
              for code in Expectations(case.expectations).codes}
    silent = {code for case in cases for code in case.silent}
    yield judge('every code has a scenario that fires it',
                [code for code in codes if code not in firing])
    yield judge('every code has a scenario that leaves it silent',
                [code for code in codes if code not in silent])
    yield judge('scenarios name only codes that exist',
                sorted((firing | silent) - set(codes)))
    yield judge('every code has a document',
                [code for code in codes
                 if not os.path.exists(document_path(root, code))])
    yield judge('provnet explains every code',
                [code for code in codes if not explains(provnet, code)])
    for name, path in REAL_SCHEMAS.items():
        yield judge_schema(name, path)


def output_of(*command):
    result = subprocess.run(command, capture_output=True, timeout=30,
                            check=False)
    return result.stdout.decode() if not result.returncode else ''


def judge(name, wrong):
    return name, 'FAIL' if wrong else 'pass', wrong


def document_path(root, code):
    return os.path.join(root, 'doc', 'codes', code + '.md')


def explains(provnet, code):
    return code in output_of(provnet, 'explain', code)


def normal_type(kind):
    """A column's type in its long form, to compare by."""
    kind = kind if isinstance(kind, dict) else {'key': kind}
    key = kind['key'] if isinstance(kind['key'], dict) \
        else {'type': kind['key']}
    return (key['type'], key.get('refTable'), key.get('refType', 'strong'),
            'value' in kind, kind.get('min', 1), kind.get('max', 1))


def judge_schema(name, path):
    """Whether our small schema has the types of the real one."""
    title = 'schema %s is like %s' % (name, path)
    if not os.path.exists(path):
        return title, 'skip', ['it is not installed']
    with open(path, encoding='utf-8') as file:
        real = json.load(file)['tables']
    with open(os.path.join(FOLDER, 'schema', name + '.ovsschema'),
              encoding='utf-8') as file:
        ours = json.load(file)['tables']
    return judge(title, [
        '%s.%s' % (table, column) for table, body in ours.items()
        for column, description in body['columns'].items()
        if normal_type(description['type'])
        != normal_type(real[table]['columns'][column]['type'])])
