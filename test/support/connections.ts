/**
 * Who is spoken to: runs a command where nothing can leave unseen.
 *
 * The command and all its children live in a network namespace of their own. Its only way out is one virtual cable
 * that ends at a wall; every packet put on the cable is listed. So the list holds each address outside the machine that
 * anything tried to reach, whether or not an answer could have come, and names that were only looked up.
 * The namespace, like everything in it, is gone when the command ends.
 */

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** One destination outside the machine, told once however many packets went there. */
export interface Contact {
  readonly protocol: 'tcp' | 'udp' | 'dns' | 'other'
  /** `address:port` (IPv6 in brackets); for `dns` the name that was asked for. */
  readonly remote: string
  /** The program whose socket it was, if it was still open when looked for. */
  readonly process: string
}

/** What the command did. */
export interface Watched {
  readonly contacts: readonly Contact[]
  /** Exit status, 128 and more when a signal ended it; undefined when it was stopped by `until`. */
  readonly status: number | undefined
  readonly stdout: string
  readonly stderr: string
}

export interface WatchOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Asked about each contact as it is seen: `true` ends the command and all its children at once. */
  readonly until?: (contact: Contact) => boolean
}

/** What the inner half says on its file descriptor 3, a line of JSON each; `status` is the last. */
export type Report = { readonly contact: Contact } | { readonly status: number }

/** The namespace could not be made or watched: the reason is in the message. */
export class WatchError extends Error {
  override readonly name = 'WatchError'
}

/** The address that programs in the namespace see as this machine's (RFC 5737, TEST-NET-3). */
export const INSIDE_ADDRESS = '203.0.113.2'

/**
 * Runs `command` (program, then its arguments) to its end, and says whom it and its children tried to reach.
 *
 * Only root can: in a user namespace of somebody else tcpdump cannot give up rights, as it insists to. Loopback
 * inside is the namespace's own; files are the machine's. Throws {@link WatchError} when anything prevents a
 * complete list.
 */
export async function watchConnections(
  command: readonly [string, ...string[]],
  { env = process.env, until }: WatchOptions = {},
): Promise<Watched> {
  if (process.getuid?.() !== 0) throw new WatchError('only root can watch connections')
  // What the command leaves in its temporary folder when it is stopped goes with this one.
  const folder = await mkdtemp(join(tmpdir(), 'palabre-watch-'))
  const enclosure = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const inside = fileURLToPath(new URL('connections-inside.ts', import.meta.url))
  const child = spawn('unshare', [...enclosure, process.execPath, inside, ...command], {
    env: { ...env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const contacts = new Map<string, Contact>()
  let status: number | undefined
  let stopped = false
  createInterface({ input: child.stdio[3] as NodeJS.ReadableStream }).on('line', (line) => {
    const report = JSON.parse(line) as Report
    if ('status' in report) {
      status = report.status
      return
    }
    const { contact } = report
    contacts.set(`${contact.protocol} ${contact.remote}`, contact)
    if (until?.(contact) !== true) return
    stopped = true
    child.kill('SIGKILL') // the namespace's first process dies with unshare, and all the others with it
  })
  try {
    const [stdout, stderr] = await Promise.all([
      text(child.stdout as NodeJS.ReadableStream),
      text(child.stderr as NodeJS.ReadableStream),
      new Promise<void>((resolve, reject) => {
        child.once('error', (cause) => reject(new WatchError('unshare cannot be run', { cause })))
        child.once('close', () => resolve())
      }),
    ])
    if (status === undefined && !stopped) throw new WatchError(`the watch ended early: ${stderr}`)
    return { contacts: [...contacts.values()], status, stdout, stderr }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const part of stream.setEncoding('utf8')) all += part
  return all
}
