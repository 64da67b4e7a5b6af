import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node'
import { textOf } from './error-text.ts'
import type { Report } from './tally.mjs'

/**
 * Writes what `tally.mjs` counts to Vitest's `outputFile`. Vitest's own JSON has of an error its stack alone: neither the `code` nor the `cause` of one that
 * came up once in a thousand runs, nor why the hook failed for which a test was left out.
 */
export default class ReportWriter implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const file = this.#vitest?.config.outputFile
    if (typeof file !== 'string') throw new TypeError('no --outputFile')
    const report: Report = { testResults: modules.map(resultOf), unhandled: unhandled.map(textOf) }
    writeFileSync(file, JSON.stringify(report))
  }
}

function resultOf(module: TestModule): Report['testResults'][number] {
  const suites = [module, ...module.children.allSuites()]
  return {
    name: module.moduleId,
    status: module.ok() ? 'passed' : 'failed',
    message: suites.flatMap((suite) => suite.errors().map(textOf)).join('\n'),
    assertionResults: [...module.children.allTests()].map((test) => ({
      fullName: test.fullName,
      status: test.result().state,
      failureMessages: errorsOf(test).map(textOf),
    })),
  }
}

/** A test's own, and those of the hooks around it. */
function errorsOf(test: TestCase): readonly SerializedError[] {
  const errors: SerializedError[] = [...(test.result().errors ?? [])]
  for (let around: TestSuite | TestModule = test.parent; ; around = around.parent) {
    errors.push(...around.errors())
    if (around.type === 'module') return errors
  }
}
