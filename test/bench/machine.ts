/** The machine that a figure was seen on, and what else it was doing. */

import { execFile } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

export interface Machine {
  readonly cpus: number
  readonly model: string
  readonly node: string
  readonly chromium: string
  readonly firefox: string
  /** Share of all processors that others kept busy in the second before the benchmark began, 0 to 1. */
  readonly busyBefore: number
  /** Load averages over 1, 5 and 15 minutes. */
  readonly loadBefore: readonly number[]
}

/** Looks at the machine for a second in which this process does nothing. */
export async function lookAtMachine(): Promise<Machine> {
  const processors = cpus()
  const [chromium, firefox] = await Promise.all([
    versionOf(process.env.CHROMIUM ?? 'chromium'),
    versionOf(process.env.FIREFOX ?? 'firefox-esr'),
  ])
  return {
    cpus: processors.length,
    model: processors[0]?.model ?? 'unknown',
    node: process.versions.node,
    chromium,
    firefox,
    loadBefore: load(),
    busyBefore: await busyShare(),
  }
}

export function load(): readonly number[] {
  return loadavg().map((average) => Number(average.toFixed(2)))
}

async function busyShare(): Promise<number> {
  const before = ticks()
  await delay(1000)
  const after = ticks()
  return Number((1 - (after.idle - before.idle) / (after.all - before.all)).toFixed(2))
}

/** Processor time since the start of the machine, in milliseconds. */
function ticks(): { readonly idle: number; readonly all: number } {
  const times = cpus().map((each) => each.times)
  return {
    idle: times.reduce((sum, { idle }) => sum + idle, 0),
    all: times.reduce((sum, { idle, user, sys, nice, irq }) => sum + idle + user + sys + nice + irq, 0),
  }
}

/** A browser that is not installed is no failure here: the benchmark that needs it will say so. */
async function versionOf(program: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'])
    return /[\d.]+\S*/.exec(stdout)?.[0] ?? stdout.trim()
  } catch {
    return 'none'
  }
}
