/** What processes cost, as Linux says it. */

import { readdirSync, readFileSync } from 'node:fs'

/** Milliseconds of processor time, user's and system's, since these processes began. Linux counts it in hundredths of a second. */
export function cpuOf(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  })
  return ticks.reduce((a, b) => a + b, 0) * 10
}

/** Resident memory of these processes, in kB. */
export function memoryOf(pids: readonly number[]): number {
  const sizes = pids.map((pid) =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
  )
  return sizes.reduce((a, b) => a + b, 0)
}

/** Files, sockets and the like that these processes hold open. */
export function handlesOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0)
}
