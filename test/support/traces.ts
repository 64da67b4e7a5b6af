/** Looks for bytes in what a process has: its memory and its children's, its folder, and what goes over its ports. */

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** Read at a time. Whatever else this process does goes on in between. */
const PIECE = 1 << 24

/** What is looked for, by what it is. */
export interface Needle {
  readonly what: string
  readonly bytes: Uint8Array
}

/** What was found, as sorted names of needles. */
export type Finds = readonly string[]

/** Finds many needles at once, of at least 4 bytes each. */
export class Haystack {
  readonly #longest: number
  /** Whether a needle begins with these two bytes. */
  readonly #beginnings = new Uint8Array(1 << 16)
  readonly #needles = new Map<number, Needle[]>()
  readonly #found = new Set<string>()

  constructor(needles: readonly Needle[]) {
    this.#longest = Math.max(...needles.map(({ bytes }) => bytes.length))
    for (const needle of needles) {
      const { bytes } = needle
      this.#beginnings[((bytes[0] as number) << 8) | (bytes[1] as number)] = 1
      const start = fourOf(bytes, 0)
      this.#needles.set(start, [...(this.#needles.get(start) ?? []), needle])
    }
  }

  get found(): Finds {
    return [...this.#found].sort()
  }

  search(hay: Uint8Array): void {
    for (let at = 0; at + 4 <= hay.length; at++) {
      if (this.#beginnings[((hay[at] as number) << 8) | (hay[at + 1] as number)] === 0) continue
      for (const { what, bytes } of this.#needles.get(fourOf(hay, at)) ?? [])
        if (Buffer.compare(bytes, hay.subarray(at, at + bytes.length)) === 0) this.#found.add(what)
    }
  }

  /** Everything that a process has in its memory and may read. */
  async searchMemory(pid: number): Promise<void> {
    const memory = openSync(`/proc/${pid}/mem`, 'r')
    const piece = Buffer.allocUnsafe(PIECE)
    try {
      for (const [start, end] of readable(pid)) {
        for (let at = start; at < end; at += PIECE - this.#longest) {
          let length: number
          try {
            length = readSync(memory, piece, 0, Math.min(PIECE, end - at), at)
          } catch {
            // It is gone by now, or is a device's.
            break
          }
          this.search(piece.subarray(0, length))
          await new Promise(setImmediate)
        }
      }
    } finally {
      closeSync(memory)
    }
  }

  searchFolder(folder: string): void {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) this.search(readFileSync(join(entry.parentPath, entry.name)))
  }
}

function fourOf(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  )
}

function readable(pid: number): readonly (readonly [number, number])[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')
  return lines.flatMap((line) => {
    const [, start, end, rights, name] = /^(\w+)-(\w+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line) ?? []
    if (start === undefined || end === undefined || !rights?.startsWith('r')) return []
    // Code of programs and libraries, and what the kernel shows of itself.
    if (rights[1] !== 'w' || name === '[vvar]' || name === '[vsyscall]') return []
    return [[Number.parseInt(start, 16), Number.parseInt(end, 16)] as const]
  })
}

/** A process and all that it started. */
export function family(pid: number): readonly number[] {
  const tasks = readdirSync(`/proc/${pid}/task`)
  const children = tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(family)]
}

export interface Capture {
  /** The whole capture, headers and all; nothing is missing in it. Twice is safe, and gives the same. */
  stop(): Promise<Uint8Array>
}

/** Keeps what goes over the loopback and fits a filter of tcpdump's. Only root can. */
export async function capture(filter: string): Promise<Capture> {
  const options = ['-i', 'lo', '-w', '-', '-U', '-B', '65536', '--immediate-mode', '-Z', 'root']
  const tcpdump = spawn('tcpdump', [...options, filter], { stdio: ['ignore', 'pipe', 'pipe'] })
  const pieces: Buffer[] = []
  tcpdump.stdout.on('data', (piece: Buffer) => pieces.push(piece))
  const words = await listening(tcpdump)
  let stopped: Promise<Uint8Array> | undefined
  async function stop(): Promise<Uint8Array> {
    const ended = new Promise((resolve) => tcpdump.once('close', resolve))
    tcpdump.kill('SIGINT')
    await ended
    if (!/^0 packets dropped by kernel/m.test(words())) throw new Error(`not all was captured: ${words()}`)
    return Buffer.concat(pieces)
  }
  return {
    stop() {
      stopped ??= stop()
      return stopped
    },
  }
}

function listening(tcpdump: ChildProcess): Promise<() => string> {
  let said = ''
  return new Promise((resolve, reject) => {
    tcpdump.once('error', reject)
    tcpdump.once('exit', () => reject(new Error(`tcpdump ended: ${said}`)))
    tcpdump.stderr?.setEncoding('utf8').on('data', (part: string) => {
      said += part
      if (said.includes('listening on')) resolve(() => said)
    })
  })
}
