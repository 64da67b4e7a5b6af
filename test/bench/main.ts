/** `npm run bench -- <name> [--n N]`: one JSON line for each figure on stdout, everything for a person on stderr. */

import { parseArgs } from 'node:util'
import { BENCHMARKS, type Benchmark, type Options } from './benchmarks.ts'
import { load, lookAtMachine } from './machine.ts'

/** What was asked for, or one sentence about why it cannot be done. */
type Asked =
  | { readonly kind: 'list' }
  | {
      readonly kind: 'run'
      readonly benchmark: Benchmark
      readonly n: number
      readonly options: Options
    }
  | { readonly kind: 'mistake'; readonly sentence: string }

const status = await main(process.argv.slice(2))
// Once there was a peer in this process, the threads of node-datachannel keep it from ending by itself.
process.exit(status)

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
      await measure(asked.benchmark, asked.n, asked.options)
      return 0
  }
}

function read(args: readonly string[]): Asked {
  const mistake = (sentence: string): Asked => ({ kind: 'mistake', sentence })
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: false,
    options: {
      n: { type: 'string' },
      listeners: { type: 'string' },
      minutes: { type: 'string' },
      speakers: { type: 'string' },
    },
  })
  const [name, ...more] = positionals
  if (name === undefined) return { kind: 'list' }
  const benchmark = BENCHMARKS.find((each) => each.name === name)
  if (benchmark === undefined) {
    const names = BENCHMARKS.map((each) => each.name).join(', ')
    return mistake(`There is no benchmark ${JSON.stringify(name)}; there are ${names}.`)
  }
  const known = ['n', ...(benchmark.options ?? [])]
  const unknown = Object.keys(values).find((option) => !known.includes(option))
  if (unknown !== undefined) {
    const others = known.slice(1).map((each) => `, and --${each}`)
    return mistake(`There is no option --${unknown}; there is --n, how often to measure${others.join('')}.`)
  }
  if (more.length > 0) return mistake('One benchmark at a time: two would measure each other.')
  const numbers: Record<string, number> = { n: benchmark.n }
  for (const [option, value] of Object.entries(values)) {
    const number = typeof value === 'string' ? Number(value) : 0
    if (!Number.isInteger(number) || number < 1) return mistake(`--${option} is a whole number from 1.`)
    numbers[option] = number
  }
  const { n = benchmark.n, ...options } = numbers
  return { kind: 'run', benchmark, n, options }
}

async function measure({ name, run }: Benchmark, n: number, options: Options): Promise<void> {
  const { loadBefore, ...machine } = await lookAtMachine()
  const note = (text: string) => console.error(`${name}: ${text}`)
  for await (const figure of run(n, note, options)) {
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
