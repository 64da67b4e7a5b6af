/** How fast the command `palabre audit` verifies a whole ledger from a folder, and how much memory it takes. */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folderSource } from '../../node/audit/folder-source.ts'
import { generate } from '../../node/generate/generate.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import { decodeBundle, TILE_WIDTH } from '../../protocol/log/tile.ts'
import { createVerifier } from '../../protocol/signature.ts'
import { against, distribution, type Figure } from './figure.ts'

const COMMAND = fileURLToPath(new URL('../../node/cli/main.ts', import.meta.url))

/** What the project asks for: seconds on two processors, for so many statements, and memory in kB. */
const LIMITS: Readonly<Record<number, number>> = { 100000: 15, 1000000: 150 }
const MOST_MEMORY = 1024 * 1024

/** Entries from the first that are read again with noble alone: it takes ten milliseconds for each, and the rest is as they are. */
const SAMPLE = 4 * TILE_WIDTH

/** Between two looks at how much memory the command has taken. Milliseconds. */
const LOOK_EVERY = 50

export function audit(entries: number) {
  return async function* measure(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
    const folder = mkdtempSync(join(tmpdir(), 'palabre-bench-'))
    try {
      note(`making up ${entries} statements`)
      // As many members as the mix of life brings.
      const order = { members: entries, entries, seed: 'bench', mode: 'default', folder } as const
      await generate({ ...order, signal: new AbortController().signal })
      const rates: number[] = []
      const memory: number[] = []
      for (let i = 0; i < n; i++) {
        note(`audit ${i + 1} of ${n}`)
        const { seconds, kilobytes } = await runAudit(folder)
        rates.push(entries / seconds)
        memory.push(kilobytes)
      }
      note(`the same replay with noble alone, for ${SAMPLE} entries`)
      const noble = await nobleRate(folder, entries)
      const rate = distribution(rates, 'more')
      const limit = LIMITS[entries]
      const compared = [
        against({ peer: `@noble/ed25519 alone, extrapolated from ${SAMPLE} entries` }, noble, rate.p50),
        ...(limit === undefined
          ? []
          : [against({ limit: `${entries} in ${limit} s on 2 processors` }, entries / limit, rate.p50)]),
      ]
      yield { metric: `audit of ${entries}, statements`, unit: '1/s', n, ...rate, compared }
      const most = distribution(memory)
      const limited = [against({ limit: 'resident memory of 1 GiB' }, MOST_MEMORY, most.p50)]
      yield { metric: `audit of ${entries}, resident memory`, unit: 'kB', n, ...most, compared: limited }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** The command, from its start to its end. Throws when it finds something. */
async function runAudit(folder: string): Promise<{ readonly seconds: number; readonly kilobytes: number }> {
  const began = performance.now()
  const child = spawn(process.execPath, [COMMAND, 'audit', folder, '--json'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  let kilobytes = 0
  const looks = setInterval(() => {
    kilobytes = Math.max(kilobytes, peakMemory(child.pid))
  }, LOOK_EVERY)
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', resolve)
    })
    if (status !== 0) throw new Error(`the audit ended with status ${status}`)
    return { seconds: (performance.now() - began) / 1000, kilobytes }
  } finally {
    clearInterval(looks)
  }
}

/** The most that a process has had, in kB, by Linux's own count; 0 once it has ended. */
function peakMemory(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    // It ended between two looks.
    return 0
  }
}

/** Statements a second of one thread that verifies every signature with noble, one after the other. */
async function nobleRate(folder: string, size: number): Promise<number> {
  const entries: Uint8Array[] = []
  for await (const bundle of folderSource(folder).bundles(0, size, new AbortController().signal)) {
    const read = decodeBundle(bundle as Uint8Array, TILE_WIDTH)
    if (!read.ok) throw new Error('the ledger cannot be read')
    entries.push(...read.value)
    if (entries.length >= SAMPLE) break
  }
  const verifier = createVerifier()
  const begun = await beginLedger(verifier, entries[0] as Uint8Array)
  if (!begun.ok) throw new Error('the ledger has no genesis')
  const rest = entries.slice(1, SAMPLE)
  const began = performance.now()
  const read = await replay(verifier, begun.value, rest)
  if (!read.ok || read.value.voids.length > 0) throw new Error('the ledger is not valid')
  return rest.length / ((performance.now() - began) / 1000)
}
