/**
 * `node test/fuzz/main.ts --inputs N --seed S`: N changed inputs through every decoder, on all processors. An input is an example of the
 * vectors with some bytes changed, dropped, doubled, cut or crossed with another example's; one that is taken, or refused for a reason that
 * its door had not shown before, joins the examples. A failure is shrunk by fast-check and printed. Ends with status 1 when there is one.
 */

import { availableParallelism } from 'node:os'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type FuzzReport, fuzz } from './fuzz.ts'

if (isMainThread) {
  const { values } = parseArgs({
    options: { inputs: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
  })
  const workers = availableParallelism()
  const inputs = Math.ceil(Number(values.inputs) / workers)
  const began = performance.now()
  const reports = await Promise.all(
    Array.from({ length: workers }, (_, i) => run({ inputs, seed: Number(values.seed) * 1000 + i })),
  )
  const failures = reports.flatMap((report) => report.failures)
  console.log(
    JSON.stringify({
      inputs: sum(reports, (report) => report.inputs),
      taken: sum(reports, (report) => report.taken),
      examples: sum(reports, (report) => report.examples),
      failures,
      seconds: Number(((performance.now() - began) / 1000).toFixed(1)),
    }),
  )
  process.exitCode = failures.length === 0 ? 0 : 1
} else {
  parentPort?.postMessage(fuzz(workerData))
}

function sum(reports: readonly FuzzReport[], of: (report: FuzzReport) => number): number {
  return reports.reduce((total, report) => total + of(report), 0)
}

function run(part: { readonly inputs: number; readonly seed: number }): Promise<FuzzReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: part })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
