/** What a browser costs, process by process, as Linux says it. */

import { readdirSync, readFileSync } from 'node:fs'
import { cpuOf } from '../fanout/cost.ts'

/** Milliseconds of processor time since the browser began. */
export interface BrowserCost {
  /** By what a process is for. */
  readonly processes: ReadonlyMap<string, number>
  /** Of the renderers, by the name of the thread. */
  readonly threads: ReadonlyMap<string, number>
}

/** @param profile the folder that the browser was started with; it names the browser's first process */
export function costOf(profile: string): BrowserCost {
  const all = processes()
  const first = all.find(
    ({ line }) => line.includes(`--user-data-dir=${profile}`) && !line.includes('--type='),
  )
  if (first === undefined) throw new Error('the browser has no process')
  const own = new Set([first.pid])
  for (let before = 0; before < own.size; ) {
    before = own.size
    for (const { pid, parent } of all) if (own.has(parent)) own.add(pid)
  }
  const costs = new Map<string, number>()
  const threads = new Map<string, number>()
  for (const { pid, line } of all) {
    if (!own.has(pid)) continue
    const type = /--type=(\S+)/.exec(line)?.[1] ?? 'browser'
    const name = /--utility-sub-type=(\w+)/.exec(line)?.[1] ?? type
    add(costs, name, cpuOf([pid]))
    if (type !== 'renderer') continue
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [, comm = '', rest = ''] =
        /^\d+ \((.*)\) (.*)$/.exec(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').trim()) ?? []
      const fields = rest.split(' ')
      add(threads, Number(thread) === pid ? 'main' : comm, 10 * (Number(fields[11]) + Number(fields[12])))
    }
  }
  return { processes: costs, threads }
}

function add(to: Map<string, number>, name: string, value: number): void {
  to.set(name, (to.get(name) ?? 0) + value)
}

interface Process {
  readonly pid: number
  readonly parent: number
  readonly line: string
}

function processes(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): Process[] => {
      try {
        const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        const parent = Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1])
        return [{ pid: Number(name), parent, line }]
      } catch {
        // It ended while we looked.
        return []
      }
    })
}
