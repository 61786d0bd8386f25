import { type Case, on } from './case.ts';
import { demo, link, program, release, releaseText, text } from './subject.ts';

const loader = '/lib64/ld-linux-x86-64.so.2';
const tool = 'usr/bin/tool';
const library = 'usr/lib/demo/libdemo.so.1';
const libdemo = program({ type: 3, soname: 'libdemo.so.1' });
const pinned = releaseText({ SYSEXT_LEVEL: undefined, VERSION_ID: '4593.2.5' });
const needsGcc = (version: string, runpath?: string) =>
  program({
    interpreter: loader,
    needed: ['libstdc++.so.6'],
    versions: { 'libstdc++.so.6': [version] },
    ...(runpath === undefined ? {} : { runpath }),
  });
const needs = (version: string) =>
  program({ interpreter: loader, needed: ['libc.so.6'], versions: { 'libc.so.6': ['GLIBC_2.2.5', version] } });
const script = (line: string) => text(`${line}\necho\n`, { mode: 0o755 });

/** Catalogue numbers 6, 9, and the interpreters of 23. */
export const programCases: readonly Case[] = [
  on('elf-machine', 'a program is for the other architecture', demo({ [tool]: program({ arch: 'arm64' }) }), [
    'error',
    tool,
  ]),
  on(
    'elf-machine',
    'a library is for a machine without a name here',
    demo({ [library]: program({ machine: 8, type: 3 }) }),
    ['error', library],
  ),
  on('elf-machine', 'a program has 32 bits', demo({ [tool]: program({ bits: 32 }) }), ['error', tool]),
  on('elf-machine', 'an object file is for eBPF', demo({ 'usr/lib/demo/probe.o': program({ machine: 247, type: 1 }) })),
  on('elf-machine', 'firmware is for another processor', demo({ 'usr/lib/firmware/x.elf': program({ machine: 94 }) })),

  on('elf-damaged', 'a program is cut off', demo({ [tool]: cutOff(0o755) }), ['error', tool]),
  on('elf-damaged', 'a file that nobody executes is cut off', demo({ 'usr/share/demo/data': cutOff(0o644) }), [
    'warning',
    'usr/share/demo/data',
  ]),

  on(
    'elf-interpreter',
    'a program is for musl',
    demo({ [tool]: program({ interpreter: '/lib/ld-musl-x86_64.so.1' }) }),
    ['error', tool],
  ),
  on(
    'elf-interpreter',
    'a program is for the loader in its image',
    demo({ [tool]: program({ interpreter: `/${library}` }), [library]: libdemo }),
  ),

  on(
    'shared-library-missing',
    'a program needs a library of the host',
    demo({ [tool]: program({ interpreter: loader, needed: ['libssl.so.3'] }) }),
    ['error', tool],
  ),
  on(
    'shared-library-missing',
    "a program with a glibc of its own needs the host's",
    demo({
      [tool]: program({
        interpreter: '/usr/lib/demo/ld.so',
        needed: ['libc.so.6', 'libm.so.6'],
        rpath: '/usr/lib/demo',
      }),
      'usr/lib/demo/ld.so': program({ type: 3, soname: 'ld-linux-x86-64.so.2' }),
      'usr/lib/demo/libc.so.6': program({ type: 3, soname: 'libc.so.6', needed: ['ld-linux-x86-64.so.2'] }),
    }),
    ['error', tool],
  ),
  on(
    'shared-library-missing',
    'a program brings its glibc whole',
    demo({
      [tool]: program({ interpreter: '/usr/lib/demo/ld.so', needed: ['libc.so.6'], rpath: '/usr/lib/demo' }),
      'usr/lib/demo/ld.so': program({ type: 3, soname: 'ld-linux-x86-64.so.2' }),
      'usr/lib/demo/libc.so.6': program({ type: 3, soname: 'libc.so.6', needed: ['ld-linux-x86-64.so.2'] }),
    }),
  ),
  on(
    'shared-library-missing',
    'a program needs a library where the loader does not look',
    demo({ [tool]: program({ interpreter: loader, needed: ['libdemo.so.1'] }), [library]: libdemo }),
    ['error', tool],
  ),
  on(
    'shared-library-missing',
    'DT_RUNPATH leads to the library',
    demo({
      [tool]: program({ interpreter: loader, needed: ['libdemo.so.1', 'libc.so.6'], runpath: '$ORIGIN/../lib/demo' }),
      [library]: libdemo,
    }),
  ),
  on(
    'shared-library-missing',
    'the library is in the directory the loader knows',
    demo({
      [tool]: program({ interpreter: loader, needed: ['libdemo.so.1'] }),
      'usr/lib64/libdemo.so.1': link('libdemo.so.1.0'),
      'usr/lib64/libdemo.so.1.0': libdemo,
    }),
  ),
  on(
    'shared-library-missing',
    'DT_RUNPATH of a program does not count for its libraries',
    demo({
      [tool]: program({ interpreter: loader, needed: ['libdemo.so.1'], runpath: '/usr/lib/demo' }),
      [library]: program({ type: 3, needed: ['libother.so.2'] }),
      'usr/lib/demo/libother.so.2': program({ type: 3 }),
    }),
    ['error', library],
  ),
  on(
    'shared-library-missing',
    'DT_RPATH of a program counts for its libraries',
    demo({
      [tool]: program({ interpreter: loader, needed: ['libdemo.so.1'], rpath: '/usr/lib/demo' }),
      [library]: program({ type: 3, needed: ['libother.so.2'] }),
      'usr/lib/demo/libother.so.2': program({ type: 3 }),
    }),
  ),
  on(
    'shared-library-missing',
    'a plugin needs a library that its program may have loaded',
    demo({ 'usr/lib/demo/plugin.so': program({ type: 3, needed: ['libssl.so.3'] }) }),
    ['warning', 'usr/lib/demo/plugin.so'],
  ),
  on(
    'shared-library-missing',
    'the image is pinned to a release',
    demo({ [release]: pinned, [tool]: program({ interpreter: loader, needed: ['libssl.so.3'] }) }),
  ),

  on(
    'shared-library-missing',
    'a program in C++',
    demo({ [tool]: program({ interpreter: loader, needed: ['libstdc++.so.6', 'libgcc_s.so.1', 'libc.so.6'] }) }),
  ),
  on(
    'libstdcxx-too-new',
    'a program needs a libstdc++ after that of GCC 13.2',
    demo({ [tool]: needsGcc('GLIBCXX_3.4.33') }),
    ['error', tool],
  ),
  on('libstdcxx-too-new', 'a program needs the libstdc++ of GCC 13.2', demo({ [tool]: needsGcc('GLIBCXX_3.4.32') })),
  on('libstdcxx-too-new', 'a symbol version is no number', demo({ [tool]: needsGcc('CXXABI_FLOAT128') })),
  on(
    'libstdcxx-too-new',
    'a program finds a libstdc++ in the image',
    demo({
      [tool]: needsGcc('GLIBCXX_3.4.99', '/usr/lib/demo'),
      'usr/lib/demo/libstdc++.so.6': program({ type: 3, soname: 'libstdc++.so.6' }),
    }),
  ),

  on('glibc-too-new', 'a program needs a glibc after that of LTS', demo({ [tool]: needs('GLIBC_2.39') }), [
    'error',
    tool,
  ]),
  on('glibc-too-new', 'a program needs the private part of one glibc', demo({ [tool]: needs('GLIBC_PRIVATE') }), [
    'error',
    tool,
  ]),
  on('glibc-too-new', 'a program needs the glibc of LTS', demo({ [tool]: needs('GLIBC_2.38') })),
  on('glibc-too-new', 'a program needs relative relocations', demo({ [tool]: needs('GLIBC_ABI_DT_RELR') })),
  on(
    'glibc-too-new',
    'a pinned image needs the glibc of its release',
    demo({ [release]: pinned, [tool]: needs('GLIBC_2.41') }),
  ),
  on(
    'glibc-too-new',
    'a pinned image needs a glibc after that of its release',
    demo({ [release]: pinned, [tool]: needs('GLIBC_2.42') }),
    ['error', tool],
  ),
  on(
    'glibc-too-new',
    'a program brings its own glibc',
    demo({
      [tool]: program({
        interpreter: '/usr/lib/demo/ld.so',
        needed: ['libc.so.6'],
        runpath: '/usr/lib/demo',
        versions: { 'libc.so.6': ['GLIBC_2.99'] },
      }),
      'usr/lib/demo/ld.so': program({ type: 3, soname: 'ld-linux-x86-64.so.2' }),
      'usr/lib/demo/libc.so.6': program({
        type: 3,
        soname: 'libc.so.6',
        interpreter: loader,
        needed: ['ld-linux-x86-64.so.2'],
        versions: { 'ld-linux-x86-64.so.2': ['GLIBC_PRIVATE'] },
      }),
    }),
  ),

  on('script-interpreter', 'a script is for Python', demo({ [tool]: script('#!/usr/bin/python3') }), ['error', tool]),
  on('script-interpreter', 'a script looks for Perl with env', demo({ [tool]: script('#!/usr/bin/env -S perl -w') }), [
    'error',
    tool,
  ]),
  on(
    'script-interpreter',
    'a script that is no program is for Python',
    demo({ 'usr/share/demo/x.py': script('#!/usr/bin/python3') }),
    ['warning', 'usr/share/demo/x.py'],
  ),
  on('script-interpreter', 'a script is for nothing', demo({ [tool]: script('#!') }), ['error', tool]),
  on('script-interpreter', 'a script is for bash', demo({ [tool]: script('#! /bin/bash -e') })),
  on('script-interpreter', 'a script is for a program of the image', demo({ [tool]: script('#!/usr/bin/env demo') })),
];

function cutOff(mode: number) {
  const whole = program({ mode, padding: 5000 });
  const bytes = ('bytes' in whole.content ? whole.content.bytes : Buffer.alloc(0)).subarray(0, 4000);
  return { ...whole, content: { bytes, size: bytes.length, sha256: '' } };
}
