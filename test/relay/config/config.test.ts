import { writeFileSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type CommunityId, idOf } from '../../../protocol/ids.ts'
import { logKey } from '../../../protocol/log/checkpoint.ts'
import { encodeVerifierKey } from '../../../protocol/log/vkey.ts'
import { type Config, readConfig } from '../../../relay/config/config.ts'
import { SETTING_NAMES } from '../../../relay/config/settings.ts'
import { LOCALHOST, OTHER_KEY } from '../../support/certificate.ts'
import { bytesOf, signerOf } from '../../support/community.ts'
import { temporaryFolder } from '../../support/folder.ts'

const HERE = '/srv'

function configOf(args: string[], environment = {}): Config {
  const outcome = readConfig(args, environment, HERE)
  if (outcome.kind !== 'config') throw new Error(JSON.stringify(outcome))
  return outcome.config
}

function mistakesOf(args: string[], environment = {}): readonly string[] {
  const outcome = readConfig(args, environment, HERE)
  return outcome.kind === 'mistakes' ? outcome.mistakes : []
}

function fileWith(content: unknown): string {
  const file = join(temporaryFolder(), 'relay.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

describe('what is right', () => {
  test('without a word: this machine alone, port 8080, nobody else contacted', () => {
    expect(configOf([])).toEqual({
      port: 8080,
      host: 'localhost',
      data: join(homedir(), '.local/share/palabre'),
      url: undefined,
      announce: [],
      tls: undefined,
      ice: [],
      witnesses: [],
      witnessOf: [],
      mirrors: [],
      maxPeers: 1000,
      mediaProcesses: availableParallelism(),
      mediaPorts: [],
      mediaAddresses: [],
      logLevel: 'info',
    })
  })

  test('a flag wins over the environment, that over the file, and PALABRE_PORT over PORT', () => {
    const config = fileWith({ port: 1 })
    expect(configOf(['--config', config]).port).toBe(1)
    expect(configOf(['--config', config], { PORT: '2' }).port).toBe(2)
    expect(configOf(['--config', config], { PORT: '2', PALABRE_PORT: '3' }).port).toBe(3)
    expect(configOf(['--config', config, '--port', '4'], { PORT: '2', PALABRE_PORT: '3' }).port).toBe(4)
    expect(configOf([], { PALABRE_CONFIG: config }).port).toBe(1)
  })

  test('an empty variable counts as none', () => {
    expect(configOf([], { PORT: '', PALABRE_HOST: '' })).toMatchObject({ port: 8080, host: 'localhost' })
  })

  test('every setting by every road', () => {
    const turn = { urls: 'turn:turn.example.org:3478?transport=udp', username: 'palabre', credential: 'tree' }
    const wss = '/dns4/palabre.example.org/tcp/443/tls/ws'
    const plain = '/ip4/192.0.2.7/tcp/8080/ws'
    const common = { host: '0.0.0.0', url: 'https://palabre.example.org', maxPeers: 50, logLevel: 'debug' }
    expect(
      configOf(
        '--host 0.0.0.0 --url https://palabre.example.org/ --max-peers 50 --log-level debug --data d'
          .split(' ')
          .concat(
            '--announce',
            wss,
            '--announce',
            plain,
            '--ice',
            'stun:a.example:3478',
            '--ice',
            'stuns:b.example',
          ),
      ),
    ).toMatchObject({
      ...common,
      data: '/srv/d',
      announce: [wss, plain],
      ice: [{ urls: 'stun:a.example:3478' }, { urls: 'stuns:b.example' }],
    })
    expect(
      configOf([], {
        PALABRE_HOST: '0.0.0.0',
        PALABRE_URL: 'https://palabre.example.org',
        PALABRE_MAX_PEERS: '50',
        PALABRE_LOG_LEVEL: 'debug',
        PALABRE_DATA: 'd',
        PALABRE_ANNOUNCE: `${wss}, ${plain}`,
        PALABRE_ICE: 'stun:a.example:3478',
      }),
    ).toMatchObject({
      ...common,
      data: '/srv/d',
      announce: [wss, plain],
      ice: [{ urls: 'stun:a.example:3478' }],
    })
    const file = fileWith({
      host: '0.0.0.0',
      url: 'https://palabre.example.org',
      'max-peers': 50,
      'log-level': 'debug',
      data: 'd',
      announce: [wss, plain],
      ice: [turn, { urls: 'stun:a.example:3478' }],
    })
    expect(configOf(['--config', file])).toMatchObject({
      ...common,
      data: join(file, '../d'),
      announce: [wss, plain],
      ice: [turn, { urls: 'stun:a.example:3478' }],
    })
  })

  test('how voices are carried', () => {
    const flags =
      '--media-processes 0 --media-ports 40000-40003 --media-address 192.0.2.7 --media-address 2001:db8::7'
    expect(configOf(flags.split(' '))).toMatchObject({
      mediaProcesses: 0,
      mediaPorts: [40_000, 40_001, 40_002, 40_003],
      mediaAddresses: ['192.0.2.7', '2001:db8::7'],
    })
    expect(configOf([], { PALABRE_MEDIA_PORTS: '40000' }).mediaPorts).toEqual([40_000])
  })

  test('witnesses, logs to witness, and mirrors', () => {
    const key = signerOf('Wanda').publicKey
    const log = logKey(idOf<CommunityId>(bytesOf('community')), signerOf('log').publicKey)
    const config = configOf([
      ...['--witness', `${key}=https://a.example/witness`, '--witness', `${key}=http://b.example:81/`],
      ...['--witness-of', encodeVerifierKey(log), '--witness-of', 'https://c.example'],
      ...['--mirror', 'https://d.example', '--mirror', 'http://localhost:8081/'],
    ])
    expect(config.witnesses.map(({ key, url }) => [key, url.href])).toEqual([
      [key, 'https://a.example/witness/'],
      [key, 'http://b.example:81/'],
    ])
    expect(config.witnessOf).toEqual([log, 'https://c.example'])
    expect(config.mirrors).toEqual(['https://d.example', 'http://localhost:8081'])
  })

  test('a further key for the log, in the data folder', () => {
    const made = { kind: 'next-log-key', data: '/srv/d' }
    expect(readConfig(['--next-log-key', '--data', 'd'], {}, HERE)).toEqual(made)
    expect(readConfig(['--next-log-key'], { PALABRE_DATA: 'd' }, HERE)).toEqual(made)
    expect(mistakesOf(['--next-log-key', '--port', 'x'])).toHaveLength(1)
  })

  test('the data folder follows the XDG specification, which ignores relative paths', () => {
    expect(configOf([], { XDG_DATA_HOME: '/var/data' }).data).toBe('/var/data/palabre')
    expect(configOf([], { XDG_DATA_HOME: 'data' }).data).toBe(join(homedir(), '.local/share/palabre'))
  })

  test('a certificate and its key', () => {
    const [cert = '', key = ''] = filesOf(LOCALHOST)
    expect(configOf(['--tls-cert', cert, '--tls-key', key]).tls).toEqual(LOCALHOST)
  })
})

describe('what is wrong', () => {
  test.each([
    [['--port', 'eighty'], '--port is "eighty"; it must be a whole number from 0 to 65535.'],
    [['--port', '65536'], '--port is "65536"; it must be a whole number from 0 to 65535.'],
    [['--port', '1e3'], '--port is "1e3"; it must be a whole number from 0 to 65535.'],
    [['--host', 'example'], '--host is "example"; it must be localhost or an IP address, such as 0.0.0.0.'],
    [['--data', ' '], '--data is " "; it must be the path of a folder.'],
    [
      ['--url', 'ftp://a'],
      '--url is "ftp://a"; it must be an http: or https: address without a path, such as https://palabre.example.org.',
    ],
    [
      ['--url', 'https://a/b'],
      '--url is "https://a/b"; it must be an http: or https: address without a path, such as https://palabre.example.org.',
    ],
    [
      ['--announce', '/ip4/1.2.3.4/tcp/1'],
      '--announce is ["/ip4/1.2.3.4/tcp/1"]; it must be WebSocket multiaddrs without a peer id, such as /dns4/palabre.example.org/tcp/443/tls/ws.',
    ],
    [
      ['--announce', 'nowhere'],
      '--announce is ["nowhere"]; it must be WebSocket multiaddrs without a peer id, such as /dns4/palabre.example.org/tcp/443/tls/ws.',
    ],
    [
      ['--ice', 'turn:a'],
      '--ice is ["turn:a"]; it must be stun: addresses, such as stun:stun.example.org:3478, or in a file { "urls": "turn:…", "username": "…", "credential": "…" }.',
    ],
    [
      ['--witness', 'https://a.example'],
      '--witness is ["https://a.example"]; it must be a witness’s key, an equals sign and its http: or https: address, such as …=https://relay.example.org/witness/.',
    ],
    [
      ['--witness-of', 'palabre/v1/x+00000000+AAAA'],
      '--witness-of is ["palabre/v1/x+00000000+AAAA"]; it must be verifier keys (name+hash+key) or addresses of relays without a path, such as https://relay.example.org.',
    ],
    [
      ['--mirror', 'https://a.example/log'],
      '--mirror is ["https://a.example/log"]; it must be addresses of relays without a path, such as https://relay.example.org.',
    ],
    [['--media-processes', '65'], '--media-processes is "65"; it must be a whole number from 0 to 64.'],
    [
      ['--media-ports', '40010-40000'],
      '--media-ports is "40010-40000"; it must be a block of UDP ports from 1024 to 65535, such as 40000-40199.',
    ],
    [
      ['--media-ports', '999'],
      '--media-ports is "999"; it must be a block of UDP ports from 1024 to 65535, such as 40000-40199.',
    ],
    [
      ['--media-address', 'relay.example.org'],
      '--media-address is ["relay.example.org"]; it must be IP addresses, such as 192.0.2.7.',
    ],
    [['--max-peers', '0'], '--max-peers is "0"; it must be a whole number from 1 to 1000.'],
    [
      ['--log-level', 'loud'],
      '--log-level is "loud"; it must be one of silent, error, warn, info, debug, trace.',
    ],
    [['--tls-cert', 'a.pem'], 'tls-key is missing: a certificate and its private key go together.'],
    [['--tls-key', 'a.pem'], 'tls-cert is missing: a certificate and its private key go together.'],
    [['--prot', '1'], '--prot is no argument of the relay; see --help.'],
    [['now'], 'now is no argument of the relay; see --help.'],
    [['--port'], "option '--port <N>' argument missing; see --help."],
    [['--config', 'none.json'], 'The configuration file /srv/none.json cannot be read (ENOENT).'],
  ])('%j', (args, sentence) => {
    expect(mistakesOf(args)).toContain(sentence)
  })

  test('in the environment', () => {
    expect(mistakesOf([], { PORT: 'x', PALABRE_PROT: '1' })).toEqual([
      'PALABRE_PROT in the environment is no setting; see --help.',
      'PORT in the environment is "x"; it must be a whole number from 0 to 65535.',
    ])
  })

  test('in a file: no JSON, no object, an unknown key, a wrong value', () => {
    const broken = fileWith('{ "port": ')
    expect(mistakesOf(['--config', broken])[0]).toMatch(`The configuration file ${broken} is not JSON: `)
    const list = fileWith([])
    expect(mistakesOf(['--config', list])).toEqual([
      `The configuration file ${list} must hold one JSON object, such as { "port": 8080 }.`,
    ])
    const wrong = fileWith({
      prot: 1,
      port: true,
      ice: [{ urls: 'turn:a', username: 'b' }],
      announce: [1],
      url: 3,
    })
    expect(mistakesOf(['--config', wrong])).toEqual([
      `"prot" in ${wrong} is no setting; known are ${SETTING_NAMES.join(', ')}.`,
      expect.stringMatching(`"port" in ${wrong} is true; `),
      expect.stringMatching(`"url" in ${wrong} is 3; `),
      expect.stringContaining(`"announce" in ${wrong} is [1]; `),
      expect.stringContaining(`"ice" in ${wrong} is [{"urls":"turn:a","username":"b"}]; `),
    ])
  })

  test('all mistakes are told at once, also those that a stronger source hides', () => {
    const config = fileWith({ port: 'x' })
    expect(mistakesOf(['--config', config, '--port', '1', '--host', 'y'], { PORT: 'z' })).toEqual([
      expect.stringMatching(/^PORT in the environment is "z"/),
      expect.stringMatching(/^"port" in .* is "x"/),
      expect.stringMatching(/^--host is "y"/),
    ])
  })

  test('certificates that cannot be read, or are no pair', () => {
    const [cert = '', key = '', other = ''] = filesOf({ ...LOCALHOST, other: OTHER_KEY })
    expect(mistakesOf(['--tls-cert', `${cert}x`, '--tls-key', key])).toEqual([
      `tls-cert names ${cert}x, which cannot be read (ENOENT).`,
    ])
    expect(mistakesOf(['--tls-cert', cert, '--tls-key', other])).toEqual([
      expect.stringContaining(`tls-cert ${cert} and tls-key ${other} do not fit together: `),
    ])
    expect(mistakesOf(['--tls-cert', key, '--tls-key', key])).toHaveLength(1)
  })
})

test('the help names every setting, and the three places where it can stand', () => {
  const outcome = readConfig(['--help', '--port', 'x'], {}, HERE)
  const text = outcome.kind === 'help' ? outcome.text : ''
  for (const name of [...SETTING_NAMES, 'config']) expect(text).toContain(`--${name} <`)
  expect(text).toContain('PALABRE_LOG_LEVEL')
  expect(text).toContain('{ "log-level": "debug" }')
  expect(text).toContain('npm start -- --port 9000')
  expect(readConfig(['-h'], {}, HERE).kind).toBe('help')
})

function filesOf(pem: Readonly<Record<string, string>>): string[] {
  const folder = temporaryFolder()
  return Object.entries(pem).map(([name, text]) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  })
}
