/** Listeners that only count (`ears.c`), for a load that a machine bears beside the engine that is measured on it. */

import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type {
  AudienceConnection,
  AudienceConnections,
  AudienceListener,
} from '../../../node/ports/audience.ts'
import type { ConnectionState } from '../../../node/ports/connection-state.ts'
import { fingerprintOf } from '../../../protocol/audio/description.ts'
import { MAX_VOICE_SLOTS } from '../../../protocol/limits.ts'
import { good, type Result } from '../../../protocol/result.ts'

const SOURCE = fileURLToPath(new URL('./ears.c', import.meta.url))
/** Niceness: those who listen elsewhere take no processor from a relay, and when a packet came is the kernel's word. */
const PATIENT = 10
/** RTP payload type of Opus in our descriptions. */
const OPUS = 111

/** What all listeners of a process got since they were counted last. */
export interface Counts {
  readonly packets: number
  /** Gaps in the sequence numbers of each listener. */
  readonly lost: number
  /** Listeners whose connection was ended by the other side, since the process began. */
  readonly closed: number
  /** From the sender's call to the kernel that the listener's packet came to: milliseconds, and how many packets took so long. In steps of 0.1 ms. */
  readonly delays: ReadonlyMap<number, number>
}

/** One who listens, and is answered or answers. */
interface Ear {
  readonly bind: string
  readonly ufrag: string
  readonly password: string
  opened: (port: number) => void
  connected: (fingerprint: string) => void
  lost: () => void
}

export class Ears {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #ears = new Map<number, Ear>()
  readonly #counting: ((counts: Counts) => void)[] = []
  readonly #fingerprint: Promise<string>
  #last = 0

  /** @throws Error where the program cannot be made */
  constructor() {
    this.#child = spawn(compiled(), { stdio: ['pipe', 'pipe', 'inherit'] })
    setPriority(this.pid, PATIENT)
    const fingerprint = Promise.withResolvers<string>()
    this.#fingerprint = fingerprint.promise
    createInterface(this.#child.stdout).on('line', (line) => {
      const [word, ...rest] = line.split(' ')
      const [id = '', value = ''] = rest
      const ear = this.#ears.get(Number(id))
      if (word === 'fingerprint') fingerprint.resolve(id)
      else if (word === 'opened') ear?.opened(Number(value))
      else if (word === 'connected') ear?.connected(value)
      else if (word === 'lost') ear?.lost()
      else if (word === 'counted') this.#counting.shift()?.(readCounts(rest))
    })
    // Its end is ours to say.
    this.#child.stdin.on('error', () => {})
  }

  get pid(): number {
    return this.#child.pid as number
  }

  /** What came since the last time. */
  count(): Promise<Counts> {
    return new Promise((resolve) => {
      this.#counting.push(resolve)
      this.#tell('count')
    })
  }

  stop(): void {
    this.#child.kill('SIGKILL')
  }

  /** As a relay is asked: listeners offer. @param bind the address that each of them has */
  audience(bind: string): AudienceConnections<AudienceConnection> {
    return { open: (_speaks, listener) => this.#listener(bind, listener) }
  }

  /** As Janus asks. @returns the answer, and when the connection stands */
  async answer(
    offer: string,
    bind: string,
  ): Promise<{ readonly sdp: string; readonly connected: Promise<void> }> {
    const [id, ear, port] = await this.#open(bind)
    const far = transportOf(offer)
    const connected = new Promise<void>((resolve, reject) => {
      ear.connected = () => resolve()
      ear.lost = () => reject(new Error('a connection ended'))
    })
    this.#connect(id, far, false)
    const mids = [...offer.matchAll(/^a=mid:(\S+)/gm)].map((match) => match[1] as string)
    const sdp = await this.#describe(ear, mids, [
      'a=setup:passive',
      `a=candidate:1 1 UDP 2122260223 ${bind} ${port} typ host`,
    ])
    return { sdp, connected }
  }

  #listener(bind: string, listener: AudienceListener): AudienceConnection {
    const opening = this.#open(bind)
    let state: ConnectionState = 'new'
    let seen: string | undefined
    const changed = (next: ConnectionState) => {
      if (state === 'closed') return
      state = next
      listener.changed()
    }
    return {
      get state() {
        return state
      },
      offer: async () => {
        const [, ear] = await opening
        const mids = Array.from({ length: MAX_VOICE_SLOTS }, (_, slot) => `slot${slot}`)
        return await this.#describe(ear, mids, ['a=setup:actpass'])
      },
      accept: async (answer): Promise<Result<true, 'wrong-description'>> => {
        const [id, ear] = await opening
        ear.connected = (fingerprint) => {
          seen = fingerprint
          changed('connected')
        }
        ear.lost = () => changed('failed')
        this.#connect(id, transportOf(answer), true)
        state = 'connecting'
        return good(true)
      },
      async setPacketTime() {},
      async remoteFingerprint() {
        return fingerprintOf(`a=fingerprint:sha-256 ${seen}`)
      },
      close: () => {
        state = 'closed'
        void opening.then(([id]) => {
          this.#ears.delete(id)
          this.#tell(`close ${id}`)
        })
      },
    }
  }

  #open(bind: string): Promise<readonly [id: number, ear: Ear, port: number]> {
    const id = this.#free()
    const ear: Ear = {
      bind,
      ufrag: randomBytes(6).toString('hex'),
      password: randomBytes(16).toString('hex'),
      opened() {},
      connected() {},
      lost() {},
    }
    this.#ears.set(id, ear)
    return new Promise((resolve) => {
      ear.opened = (port) => resolve([id, ear, port])
      this.#tell(`open ${id} ${bind} ${ear.ufrag} ${ear.password}`)
    })
  }

  /** The program has a place for each number. */
  #free(): number {
    do this.#last = (this.#last + 1) % 20_000
    while (this.#ears.has(this.#last))
    return this.#last
  }

  #connect(id: number, { address, port, ufrag, password }: Far, controls: boolean): void {
    this.#tell(`connect ${id} ${address} ${port} ${ufrag} ${password} ${controls ? 1 : 0}`)
  }

  async #describe(ear: Ear, mids: readonly string[], rows: readonly string[]): Promise<string> {
    const fingerprint = await this.#fingerprint
    return [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      `a=group:BUNDLE ${mids.join(' ')}`,
      ...mids.flatMap((mid) => [
        `m=audio 9 UDP/TLS/RTP/SAVPF ${OPUS}`,
        'c=IN IP4 0.0.0.0',
        `a=mid:${mid}`,
        'a=recvonly',
        'a=rtcp-mux',
        `a=rtpmap:${OPUS} opus/48000/2`,
        `a=fingerprint:sha-256 ${fingerprint}`,
        `a=ice-ufrag:${ear.ufrag}`,
        `a=ice-pwd:${ear.password}`,
        ...rows,
      ]),
      '',
    ].join('\r\n')
  }

  #tell(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }
}

/** Where the other side of a connection is. */
interface Far {
  readonly address: string
  readonly port: string
  readonly ufrag: string
  readonly password: string
}

function transportOf(sdp: string): Far {
  const [, address, port] = /^a=candidate:\S+ 1 UDP \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host/im.exec(sdp) ?? []
  const [, ufrag] = /^a=ice-ufrag:(\S+)/m.exec(sdp) ?? []
  const [, password] = /^a=ice-pwd:(\S+)/m.exec(sdp) ?? []
  if (address === undefined || port === undefined || ufrag === undefined || password === undefined)
    throw new Error('a description without a way to its sender')
  return { address, port, ufrag, password }
}

function readCounts([packets, lost, closed, ...buckets]: readonly string[]): Counts {
  const delays = new Map(
    buckets.map((each) => {
      const [bucket, count] = each.split(':')
      return [Number(bucket) / 10, Number(count)] as const
    }),
  )
  return { packets: Number(packets), lost: Number(lost), closed: Number(closed), delays }
}

/** The program, made where it is not there yet. */
function compiled(): string {
  const digest = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16)
  const program = join(tmpdir(), `palabre-ears-${digest}`)
  if (existsSync(program)) return program
  const making = `${program}.${process.pid}`
  const args = ['-O2', '-Wno-deprecated-declarations', '-o', making, SOURCE, '-lssl', '-lcrypto']
  const made = spawnSync('cc', args, { encoding: 'utf8' })
  if (made.status !== 0)
    throw new Error(
      `the listeners need a C compiler and OpenSSL: apt-get install gcc libssl-dev\n${made.stderr ?? ''}`,
    )
  renameSync(making, program)
  return program
}
