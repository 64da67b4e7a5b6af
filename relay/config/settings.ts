import { MAX_CONNECTIONS } from '../network/limits.ts'
import {
  filledText,
  hostName,
  iceServer,
  ipAddress,
  listOf,
  oneOf,
  origin,
  type Parse,
  portBlock,
  webSocketAddress,
  wholeNumber,
  witnessAddress,
  witnessedLog,
} from './parse.ts'

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug', 'trace'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** One thing that whoever runs a relay decides: a flag, a variable and a key of the file, all named after it. */
export interface Setting<T> {
  readonly parse: Parse<T>
  /** What the value stands for in the help. */
  readonly value: string
  readonly help: string
  /** Ends the sentence "… must be". */
  readonly allowed: string
  /** Relative paths in a file are relative to that file. */
  readonly path?: true
  readonly list?: true
  /** Variables beside `PALABRE_<NAME>`, which goes first. */
  readonly variables?: readonly string[]
}

export const SETTINGS = {
  port: {
    parse: wholeNumber(0, 65_535),
    value: 'N',
    help: 'TCP port for everything: app, WebSocket, health (default 8080; 0 picks a free one)',
    allowed: 'a whole number from 0 to 65535',
    // What platforms that run containers set.
    variables: ['PORT'],
  },
  host: {
    parse: hostName,
    value: 'ADDRESS',
    help: 'address to listen on (default localhost: nobody else can connect; 0.0.0.0 or :: for everybody)',
    allowed: 'localhost or an IP address, such as 0.0.0.0',
  },
  data: {
    parse: filledText,
    value: 'DIR',
    help: 'folder for keys, ledger and profiles (default $XDG_DATA_HOME/palabre or ~/.local/share/palabre)',
    allowed: 'the path of a folder',
    path: true,
  },
  url: {
    parse: origin,
    value: 'URL',
    help: 'address at which people open the app, for the links that are printed (default http://localhost:N)',
    allowed: 'an http: or https: address without a path, such as https://palabre.example.org',
  },
  announce: {
    parse: listOf(webSocketAddress),
    value: 'MULTIADDR',
    help: 'address under which peers reach this relay, when it is not that of the app; may be repeated',
    allowed: 'WebSocket multiaddrs without a peer id, such as /dns4/palabre.example.org/tcp/443/tls/ws',
    list: true,
  },
  'tls-cert': {
    parse: filledText,
    value: 'FILE',
    help: 'certificate chain (PEM): serve https: and wss: without a proxy; goes with --tls-key',
    allowed: 'the path of a PEM file',
    path: true,
  },
  'tls-key': {
    parse: filledText,
    value: 'FILE',
    help: 'private key of the certificate (PEM)',
    allowed: 'the path of a PEM file',
    path: true,
  },
  ice: {
    parse: listOf(iceServer),
    value: 'URL',
    help: 'STUN server that browsers may ask for their address (default none); TURN, which needs credentials: in the file; may be repeated',
    allowed:
      'stun: addresses, such as stun:stun.example.org:3478, or in a file { "urls": "turn:…", "username": "…", "credential": "…" }',
    list: true,
  },
  witness: {
    parse: listOf(witnessAddress),
    value: 'KEY=URL',
    help: 'witness that the community’s ledger names by this key, and where it is asked to cosign; may be repeated',
    allowed:
      'a witness’s key, an equals sign and its http: or https: address, such as …=https://relay.example.org/witness/',
    list: true,
  },
  'witness-of': {
    parse: listOf(witnessedLog),
    value: 'LOG',
    help: 'log of another community that this relay witnesses: its verifier key, or the address of its relay; may be repeated',
    allowed:
      'verifier keys (name+hash+key) or addresses of relays without a path, such as https://relay.example.org',
    list: true,
  },
  mirror: {
    parse: listOf(origin),
    value: 'URL',
    help: 'another relay of this community: what it has and this one lacks is fetched from it, and voices go both ways; may be repeated',
    allowed: 'addresses of relays without a path, such as https://relay.example.org',
    list: true,
  },
  'max-peers': {
    parse: wholeNumber(1, MAX_CONNECTIONS),
    value: 'N',
    help: `peers that can be reached at a time, for small machines (default ${MAX_CONNECTIONS})`,
    allowed: `a whole number from 1 to ${MAX_CONNECTIONS}`,
  },
  'media-processes': {
    parse: wholeNumber(0, 64),
    value: 'N',
    help: 'processes that carry voices to an audience; started when somebody listens (default one for each processor; 0: none)',
    allowed: 'a whole number from 0 to 64',
  },
  'media-ports': {
    parse: portBlock,
    value: 'FIRST-LAST',
    help: 'UDP ports for voices, to open in a firewall; 20 listeners share one (default any that are free)',
    allowed: 'a block of UDP ports from 1024 to 65535, such as 40000-40199',
  },
  'media-address': {
    parse: listOf(ipAddress),
    value: 'ADDRESS',
    help: 'IP address at which the UDP ports are reached, behind a router that maps them (default the machine’s own); may be repeated',
    allowed: 'IP addresses, such as 192.0.2.7',
    list: true,
  },
  'log-level': {
    parse: oneOf(LOG_LEVELS),
    value: 'LEVEL',
    help: `how much to log: ${LOG_LEVELS.join(', ')} (default info)`,
    allowed: `one of ${LOG_LEVELS.join(', ')}`,
  },
} as const satisfies Record<string, Setting<unknown>>

export type SettingName = keyof typeof SETTINGS
export type Settings = {
  readonly [N in SettingName]?: Exclude<ReturnType<(typeof SETTINGS)[N]['parse']>, undefined>
}

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[]

/** The variables that set it, the strongest first. */
export function variablesOf(name: SettingName): readonly string[] {
  const setting: Setting<unknown> = SETTINGS[name]
  return [`PALABRE_${name.toUpperCase().replaceAll('-', '_')}`, ...(setting.variables ?? [])]
}
