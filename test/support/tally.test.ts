import { expect, test } from 'vitest'
import { tallyOf } from './tally.mjs'

const passed = { fullName: 'Alice hears Bob', status: 'passed', failureMessages: [] }
const failed = { fullName: 'Bob hears Alice', status: 'failed', failureMessages: ['silence'] }
const file = { name: 'room.test.ts', status: 'passed', message: '', assertionResults: [passed] }

test('tests that passed are counted over all files', () => {
  expect(tallyOf('unit', 0, { testResults: [file, file] })).toEqual({ passed: 2, failures: [] })
})

test('a test that failed is named, with its message', () => {
  const report = { testResults: [{ ...file, status: 'failed', assertionResults: [passed, failed] }] }
  expect(tallyOf('unit', 1, report)).toEqual({
    passed: 1,
    failures: ['room.test.ts > Bob hears Alice (failed)\nsilence'],
  })
})

test.each(['skipped', 'todo', 'pending'])('a test that was left out is a failed one: %s', (status) => {
  const report = { testResults: [{ ...file, assertionResults: [{ fullName: 'later', status }] }] }
  expect(tallyOf('unit', 0, report)).toEqual({ passed: 0, failures: [`room.test.ts > later (${status})`] })
})

test('a file that did not load is one failure', () => {
  const report = { testResults: [{ ...file, status: 'failed', message: 'boom', assertionResults: [] }] }
  expect(tallyOf('unit', 1, report)).toEqual({
    passed: 0,
    failures: ['room.test.ts did not run to its end\nboom'],
  })
})

test('a file whose clean-up failed is a failure beside the tests that passed', () => {
  const report = { testResults: [{ ...file, status: 'failed', message: 'afterAll' }] }
  expect(tallyOf('unit', 1, report)).toEqual({
    passed: 1,
    failures: ['room.test.ts did not run to its end\nafterAll'],
  })
})

test('a run without a test, without a report, or with an error outside of its tests is a failure', () => {
  expect(tallyOf('unit', 0, { testResults: [] }).failures).toEqual(['unit: no test ran'])
  expect(tallyOf('unit', 139, undefined).failures).toEqual([
    'unit: Vitest ended with status 139 and no report',
  ])
  expect(tallyOf('unit', 1, { testResults: [file], unhandled: ['late'] }).failures).toEqual([
    'unit: Vitest ended with status 1 though every test passed, see above\nlate',
  ])
})
