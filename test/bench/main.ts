/** `npm run bench -- <name> [--n N]`: one JSON line for each figure on stdout, everything for a person on stderr. */

import { parseArgs } from 'node:util'
import { BENCHMARKS, type Benchmark } from './benchmarks.ts'
import { load, lookAtMachine } from './machine.ts'

/** What was asked for, or one sentence about why it cannot be done. */
type Asked =
  | { readonly kind: 'list' }
  | { readonly kind: 'run'; readonly benchmark: Benchmark; readonly n: number }
  | { readonly kind: 'mistake'; readonly sentence: string }

process.exitCode = await main(process.argv.slice(2))

/** Returns the exit status. */
async function main(args: readonly string[]): Promise<number> {
  const asked = read(args)
  switch (asked.kind) {
    case 'list':
      console.error('npm run bench -- <name> [--n N]')
      for (const { name, about, n } of BENCHMARKS) console.error(`  ${name.padEnd(11)} ${about} (--n ${n})`)
      return 0
    case 'mistake':
      console.error(asked.sentence)
      return 2
    case 'run':
      await measure(asked.benchmark, asked.n)
      return 0
  }
}

function read(args: readonly string[]): Asked {
  const mistake = (sentence: string): Asked => ({ kind: 'mistake', sentence })
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: false,
    options: { n: { type: 'string' } },
  })
  const [name, ...more] = positionals
  const unknown = Object.keys(values).find((option) => option !== 'n')
  if (unknown !== undefined)
    return mistake(`There is no option --${unknown}; there is --n, how often to measure.`)
  if (more.length > 0) return mistake('One benchmark at a time: two would measure each other.')
  if (name === undefined) return { kind: 'list' }
  const benchmark = BENCHMARKS.find((each) => each.name === name)
  if (benchmark === undefined) {
    const names = BENCHMARKS.map((each) => each.name).join(', ')
    return mistake(`There is no benchmark ${JSON.stringify(name)}; there are ${names}.`)
  }
  const n = values.n === undefined ? benchmark.n : typeof values.n === 'string' ? Number(values.n) : 0
  if (!Number.isInteger(n) || n < 1) return mistake('--n is how often to measure: a whole number from 1.')
  return { kind: 'run', benchmark, n }
}

async function measure({ name, run }: Benchmark, n: number): Promise<void> {
  const { loadBefore, ...machine } = await lookAtMachine()
  const note = (text: string) => console.error(`${name}: ${text}`)
  for await (const figure of run(n, note)) {
    console.log(
      JSON.stringify({
        bench: name,
        ...figure,
        machine: { ...machine, load: { before: loadBefore, after: load() } },
        at: new Date().toISOString(),
      }),
    )
  }
}
