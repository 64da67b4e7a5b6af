/**
 * The inner half of connections.ts, run as the first process of a fresh network and process namespace:
 * `connections-inside.ts <program> [arguments]`, with file descriptor 3 open for the reports.
 * Lays the cable, watches it with tcpdump, runs the program, reports.
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Contact, INSIDE_ADDRESS, type Report } from './connections.ts'
import { type Packet, packetReader } from './connections-packets.ts'

/** The gateway at the other end: nobody is there, so what is sent to it vanishes. Same nets as INSIDE_ADDRESS. */
const WALL = '203.0.113.1'
const WALL_V6 = '2001:db8::1'
const INSIDE_V6 = '2001:db8::2'
/** Any hardware address will do for a wall (locally administered). */
const WALL_MAC = '02:00:00:00:00:01'

const [program, ...args] = process.argv.slice(2)
if (program === undefined) throw new TypeError('needs a program')

layCable()
const contacts = new Map<string, Contact>()
const tap = await watchCable()
const child = spawn(program, args, { stdio: 'inherit' })
const status = await new Promise<number>((resolve, reject) => {
  child.once('error', reject)
  child.once('exit', (code) => resolve(code ?? 128))
})
await tap.stop()
tell({ status })

function tell(report: Report): void {
  writeSync(3, `${JSON.stringify(report)}\n`)
}

/** Loopback, and one cable to the wall which is the route to everywhere, name servers included. */
function layCable(): void {
  const ip = (line: string) => execFileSync('ip', line.split(' '))
  ip('link set lo up')
  ip('link add cable type veth peer name wall')
  ip(`address add ${INSIDE_ADDRESS}/24 dev cable`)
  ip(`-6 address add ${INSIDE_V6}/64 dev cable nodad`)
  ip('link set cable up')
  ip('link set wall up')
  ip(`neighbour replace ${WALL} lladdr ${WALL_MAC} dev cable nud permanent`)
  ip(`-6 neighbour replace ${WALL_V6} lladdr ${WALL_MAC} dev cable nud permanent`)
  ip(`route add default via ${WALL}`)
  ip(`-6 route add default via ${WALL_V6}`)
  const resolver = join(tmpdir(), 'resolv.conf')
  writeFileSync(resolver, `nameserver ${WALL}\n`)
  execFileSync('mount', ['--bind', resolver, '/etc/resolv.conf'])
}

/** Notes every packet that leaves by the cable; `stop` resolves when the last one is noted. */
async function watchCable(): Promise<{ stop(): Promise<void> }> {
  // The kernel's own talk about neighbours and multicast groups names no one: left out.
  const multicastReport = '(ip6[6] = 0 and ip6[40] = 58)' // ICMPv6 behind a hop-by-hop header
  const filter = `(ip or ip6) and not icmp6 and not igmp and not ${multicastReport}`
  const options = ['-i', 'cable', '-Q', 'out', '-w', '-', '-U', '--immediate-mode', '-Z', 'root']
  const tcpdump = spawn('tcpdump', [...options, filter], { stdio: ['ignore', 'pipe', 'pipe'] })
  const read = packetReader()
  tcpdump.stdout.on('data', (piece: Buffer) => read(piece).forEach(note))
  let said = ''
  await new Promise<void>((resolve, reject) => {
    tcpdump.once('error', reject)
    tcpdump.once('exit', () => reject(new Error(`tcpdump ended: ${said}`)))
    tcpdump.stderr.setEncoding('utf8').on('data', (part: string) => {
      said += part
      if (said.includes('listening on')) resolve()
    })
  })
  return {
    async stop() {
      const ended = once(tcpdump, 'close')
      tcpdump.kill('SIGINT')
      await ended
      if (!/^0 packets dropped by kernel/m.test(said)) throw new Error(`the list is not complete: ${said}`)
    },
  }
}

function note({ protocol, remote, sourcePort }: Packet): void {
  const key = `${protocol} ${remote}`
  if ((contacts.get(key)?.process ?? '') !== '') return
  const contact = { protocol, remote, process: sourcePort === undefined ? '' : ownerOf(sourcePort) }
  if (contacts.has(key) && contact.process === '') return
  contacts.set(key, contact)
  tell({ contact })
}

/** The program that holds a socket on this port now, or ''. */
function ownerOf(port: number): string {
  const { stdout } = spawnSync('ss', ['-Htuanp', 'sport', '=', `:${port}`], { encoding: 'utf8' })
  const pid = /pid=(\d+)/.exec(stdout)?.[1]
  if (pid === undefined) return ''
  // The name that ss gives is the thread's, and the process may be gone by now.
  const link = spawnSync('readlink', [`/proc/${pid}/exe`], { encoding: 'utf8' })
  return basename(link.stdout.trim())
}
