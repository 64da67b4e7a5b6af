import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../support/folder.ts'
import { type RelayCommand, runRelay } from './command.ts'

/** A cold start of Node with libp2p, on a machine that is busy with other tests. */
const PATIENCE = 60_000

interface Started extends RelayCommand {
  readonly origin: string
  readonly link: string | undefined
}

async function started(args: readonly string[]): Promise<Started> {
  const relay = runRelay(['--port', '0', ...args])
  const text = await relay.running
  return {
    ...relay,
    origin: /^Palabre is at (\S+)$/m.exec(text)?.[1] ?? '',
    link: /^\S+\/#\/found\/\S+$/m.exec(text)?.[0],
  }
}

function end(relay: RelayCommand, signal: NodeJS.Signals = 'SIGTERM') {
  relay.signal(signal)
  return relay.ended
}

const cardOf = async ({ origin }: Started) => (await fetch(`${origin}/.well-known/palabre/relay.json`)).json()

describe('a relay', { timeout: PATIENCE }, () => {
  test('prints where it is and a founding link, which a restart keeps, and ends with 0 when asked to', async () => {
    const data = join(temporaryFolder(), 'data')
    const first = await started(['--data', data])
    expect(first.origin).toMatch(/^http:\/\/localhost:\d+$/)
    expect(first.link).toMatch(new RegExp(`^${first.origin}/#/found/[\\w-]{22,}$`))
    const token = first.link?.split('/').at(-1)
    const card = await cardOf(first)
    expect(card).toMatchObject({ version: 1, community: null, addresses: [], ice: [] })
    expect(await (await fetch(`${first.origin}/readyz`)).json()).toEqual({ status: 'ready' })
    const ended = await end(first)
    expect(ended.status).toBe(0)
    expect(ended.stdout).toContain(`Data folder: ${data}`)
    // A log may be shown to others; the link may not.
    expect(ended.stderr).not.toContain(token)

    const second = await started(['--data', data])
    expect(second.link?.split('/').at(-1)).toBe(token)
    expect(await cardOf(second)).toEqual(card)
    expect((await end(second, 'SIGINT')).status).toBe(0)
  })

  test('shares neither its data folder nor its port, and says so in one sentence', async () => {
    const data = temporaryFolder()
    const relay = await started(['--data', data])
    expect(await runRelay(['--port', '0', '--data', data]).ended).toEqual({
      status: 1,
      stdout: '',
      stderr: `Another relay is running on the data folder ${data}: stop it, or choose another with --data.\n`,
    })
    const { port } = new URL(relay.origin)
    expect(await runRelay(['--port', port, '--data', temporaryFolder()]).ended).toEqual({
      status: 1,
      stdout: '',
      stderr: `Port ${port} on localhost is in use by another program: stop that, or choose another with --port.\n`,
    })
    await end(relay, 'SIGKILL')
    // The folder is free as soon as its relay is gone, however it went.
    expect((await end(await started(['--data', data]))).status).toBe(0)
  })

  test('that could not start leaves its data folder free', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    onTestFinished(() => void taken.close())
    const { port } = taken.address() as { port: number }
    const data = temporaryFolder()
    expect((await runRelay(['--port', String(port), '--data', data]).ended).status).toBe(1)
    expect((await end(await started(['--data', data]))).status).toBe(0)
  })

  test('announces what it was told to, and logs as little', async () => {
    const announced = '/dns4/palabre.example.org/tcp/443/tls/ws'
    const more = ['--url', 'https://palabre.example.org', '--announce', announced, '--log-level', 'silent']
    const relay = await started(['--data', temporaryFolder(), ...more])
    expect(relay.origin).toBe('https://palabre.example.org')
    expect(await end(relay)).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('a mistake in the configuration', { timeout: PATIENCE }, () => {
  test('is told with all others, with status 2, before anything is touched', async () => {
    const ended = await runRelay(['--port', 'x', '--data', '/nonexistent'], { PALABRE_HOST: 'y' }).ended
    expect(ended).toEqual({
      status: 2,
      stdout: '',
      stderr: [
        '--port is "x"; it must be a whole number from 0 to 65535.\n',
        'PALABRE_HOST in the environment is "y"; it must be localhost or an IP address, such as 0.0.0.0.\n',
      ].join(''),
    })
  })

  test('is avoided with --help, which ends with 0', async () => {
    const ended = await runRelay(['--help']).ended
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout).toContain('--port <N>')
  })
})
