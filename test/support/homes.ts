/**
 * Homes with a network of their own, at one switch: a browser in one reaches this machine and the other homes, and the way between two of them can
 * be cut while each still reaches everybody else. As root only, as it makes network namespaces. Nothing of them outlives their processes but the
 * switch, which goes with this one.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Addresses that are nobody's (RFC 5737, TEST-NET-2). */
const NET = '198.51.100'
/** Where nobody is (locally administered). */
const NOBODY = '02:00:00:00:00:01'
const INSIDE = fileURLToPath(new URL('homes-inside.ts', import.meta.url))

export interface Home {
  /** What goes before a command to run it there. */
  readonly enter: readonly string[]
}

export interface Homes {
  readonly all: readonly Home[]
  /** From now on nothing that one sends to the other arrives, and neither is told so. */
  cut(one: Home, other: Home): void
  /** The contrary. */
  open(one: Home, other: Home): void
  /** Safe to call twice. */
  close(): Promise<void>
}

/**
 * @param origin of a server of this machine that listens on all addresses: in a home it is found under the same one, on the loopback, so that its
 * pages are as secure as here
 */
export async function startHomes(origin: string, count: number): Promise<Homes> {
  if (process.getuid?.() !== 0) throw new Error('only root can make networks')
  const switched = `palabre${process.pid}`
  ip(`link add ${switched} type bridge mcast_snooping 0`)
  const unplug = () => ip(`link delete ${switched}`)
  process.once('exit', unplug)
  const running: ChildProcess[] = []

  async function close(): Promise<void> {
    for (const inside of running.splice(0)) {
      const ended = once(inside, 'exit')
      inside.kill('SIGKILL')
      await ended
    }
    if (process.listeners('exit').includes(unplug)) unplug()
    process.off('exit', unplug)
  }

  async function build(i: number): Promise<Wired> {
    const command = ['--net', process.execPath, INSIDE, `${NET}.1`, new URL(origin).port]
    const inside = spawn('unshare', command, { stdio: ['pipe', 'pipe', 'inherit'] })
    running.push(inside)
    const ended = once(inside, 'exit').then(() => Promise.reject(new Error('a home cannot be made')))
    await Promise.race([once(inside.stdout, 'data'), ended])
    ended.catch(() => {})
    const [cable, plug] = [`pal${inside.pid}`, `pal${inside.pid}in`]
    const enter = ['nsenter', `--target=${inside.pid}`, '--net', '--']
    const there = (line: string) => execFileSync('nsenter', [...enter.slice(1), 'ip', ...line.split(' ')])
    ip(`link add ${cable} type veth peer name ${plug} netns ${inside.pid}`)
    ip(`link set ${cable} master ${switched} up`)
    const address = `${NET}.${i + 2}`
    there(`address add ${address}/24 dev ${plug}`)
    there(`link set ${plug} up`)
    return {
      enter,
      address,
      lose: (to) => there(`neighbour replace ${to} lladdr ${NOBODY} dev ${plug} nud permanent`),
      find: (to) => there(`neighbour delete ${to} dev ${plug}`),
    }
  }

  try {
    ip(`address add ${NET}.1/24 dev ${switched}`)
    ip(`link set ${switched} up`)
    const all = await Promise.all(Array.from({ length: count }, (_, i) => build(i)))
    const both = (one: Home, other: Home, act: 'lose' | 'find') => {
      const [a, b] = [one, other].map((home) => all.find((each) => each === home))
      if (a === undefined || b === undefined) throw new TypeError('no home of these')
      a[act](b.address)
      b[act](a.address)
    }
    return {
      all,
      cut: (one, other) => both(one, other, 'lose'),
      open: (one, other) => both(one, other, 'find'),
      close,
    }
  } catch (cause) {
    await close()
    throw cause
  }
}

interface Wired extends Home {
  readonly address: string
  readonly lose: (address: string) => void
  readonly find: (address: string) => void
}

function ip(line: string): void {
  execFileSync('ip', line.split(' '))
}
