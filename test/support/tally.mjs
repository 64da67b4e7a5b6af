/**
 * Counts what a run of Vitest did. Plain JavaScript, because `test/run.mjs` counts under whatever Node the machine has.
 *
 * @typedef {object} Tally
 * @property {number} passed
 * @property {string[]} failures  one text for each, its name first
 *
 * @typedef {object} Report  what `report.ts` writes
 * @property {readonly string[]} [unhandled]  errors that belong to no test
 * @property {readonly {
 *   name: string,
 *   status: string,
 *   message: string,
 *   assertionResults: readonly { fullName: string, status: string, failureMessages?: readonly string[] }[]
 * }[]} testResults  one for each file
 */

/**
 * A test that did not run is a failed one, and so is a file that did not run to its end, a run without tests, and a
 * run that failed though all of its tests passed (an unhandled rejection).
 *
 * @param {string} project
 * @param {number} status  exit status of Vitest
 * @param {Report | undefined} report  undefined when a crash left none
 * @returns {Tally}
 */
export function tallyOf(project, status, report) {
  if (report === undefined) {
    return { passed: 0, failures: [`${project}: Vitest ended with status ${status} and no report`] }
  }
  /** @type {Tally} */
  const tally = { passed: 0, failures: [] }
  for (const { name, status: ended, message, assertionResults } of report.testResults) {
    const before = tally.failures.length
    for (const { fullName, status: outcome, failureMessages } of assertionResults) {
      if (outcome === 'passed') tally.passed++
      else tally.failures.push([`${name} > ${fullName} (${outcome})`, ...(failureMessages ?? [])].join('\n'))
    }
    if (ended !== 'passed' && tally.failures.length === before) {
      tally.failures.push(`${name} did not run to its end\n${message}`)
    }
  }
  if (tally.passed + tally.failures.length === 0) tally.failures.push(`${project}: no test ran`)
  if (status !== 0 && tally.failures.length === 0) {
    const what = `${project}: Vitest ended with status ${status} though every test passed, see above`
    tally.failures.push([what, ...(report.unhandled ?? [])].join('\n'))
  }
  return tally
}
