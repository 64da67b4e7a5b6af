/**
 * Who is spoken to: runs a command where nothing can leave unseen.
 *
 * The command and all its children live in a network namespace of their own. Its only way out is one virtual cable
 * that ends at a wall; every packet put on the cable is listed. So the list holds each address outside the machine that
 * anything tried to reach, whether or not an answer could have come, and names that were only looked up.
 * The namespace, like everything in it, is gone when the command ends.
 */

import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  /** Exit status; 128 and more when a signal ended it. */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** The namespace could not be made or watched: the reason is in the message. */
export class WatchError extends Error {
  override readonly name = 'WatchError'
}

/** The address that programs in the namespace see as this machine's: RFC 5737 TEST-NET-3, RFC 3849 documentation prefix. */
export const INSIDE_ADDRESS = '203.0.113.2'

/**
 * Runs `command` (program, then its arguments) to its end, and says whom it and its children tried to reach.
 *
 * Works as root; another user needs unprivileged user namespaces, as Debian has them. Loopback inside is the
 * namespace's own. Throws {@link WatchError} when anything prevents a complete list.
 */
export async function watchConnections(
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Watched> {
  const folder = await mkdtemp(join(tmpdir(), 'palabre-watch-'))
  const report = join(folder, 'report.json')
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const enclosure = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const inside = fileURLToPath(new URL('connections-inside.ts', import.meta.url))
  try {
    const child = spawn('unshare', [...user, ...enclosure, process.execPath, inside, report, ...command], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [stdout, stderr, status] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number>((resolve, reject) => {
        child.once('error', (cause) => reject(new WatchError('unshare cannot be run', { cause })))
        child.once('close', (code) => resolve(code ?? 128))
      }),
    ])
    const written = await readFile(report, 'utf8').catch((cause) => {
      throw new WatchError(`no report (status ${status}): ${stderr}`, { cause })
    })
    return { ...(JSON.parse(written) as Pick<Watched, 'contacts' | 'status'>), stdout, stderr }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const part of stream.setEncoding('utf8')) all += part
  return all
}
