import { readFileSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { NoteKey } from '../../protocol/log/signed-note.ts'
import { MAX_CONNECTIONS } from '../network/limits.ts'
import type { WitnessAddress } from '../witness/witness-client.ts'
import { readCommandLine } from './command-line.ts'
import type { IceServer } from './parse.ts'
import {
  type LogLevel,
  SETTING_NAMES,
  SETTINGS,
  type Setting,
  type SettingName,
  type Settings,
} from './settings.ts'
import {
  codeOf,
  configFile,
  type Environment,
  environmentSource,
  fileSource,
  NOTHING,
  type Source,
  type Written,
} from './sources.ts'

/** Everything that whoever runs a relay decided, checked and complete. */
export interface Config {
  readonly port: number
  /** `localhost` stands for both loopback addresses. */
  readonly host: string
  /** Absolute path. */
  readonly data: string
  /** Origin at which people open the app, when it is not this machine. */
  readonly url: string | undefined
  /** Multiaddrs. */
  readonly announce: readonly string[]
  readonly tls: Tls | undefined
  readonly ice: readonly IceServer[]
  /** Those that the ledger may name. */
  readonly witnesses: readonly WitnessAddress[]
  /** Logs that this relay witnesses: by their keys, or by the origins of their relays. */
  readonly witnessOf: readonly (NoteKey | string)[]
  /** Origins of other relays of the community. */
  readonly mirrors: readonly string[]
  readonly maxPeers: number
  /** Processes that carry voices; 0: the relay carries none. */
  readonly mediaProcesses: number
  /** UDP ports; none: any that are free. */
  readonly mediaPorts: readonly number[]
  /** In place of the machine's own addresses. */
  readonly mediaAddresses: readonly string[]
  readonly logLevel: LogLevel
}

/** PEM. */
export interface Tls {
  readonly cert: string
  readonly key: string
}

export type ConfigOutcome =
  | { readonly kind: 'config'; readonly config: Config }
  /** A further key for the log is to be made. */
  | { readonly kind: 'next-log-key'; readonly data: string }
  | { readonly kind: 'help'; readonly text: string }
  /** One sentence each; all that could be found at once. */
  | { readonly kind: 'mistakes'; readonly mistakes: readonly string[] }

const DEFAULT_PORT = 8080

/**
 * Reads the configuration: flags over environment over file over defaults.
 * @param args of the process, program names left out
 * @param folder what relative paths of flags and variables are relative to
 */
export function readConfig(args: readonly string[], environment: Environment, folder: string): ConfigOutcome {
  const line = readCommandLine(args, folder)
  if (line.kind === 'help') return line
  const file = configFile(line.configFile, environment)
  const sources = [
    line.source,
    environmentSource(environment, folder),
    file === undefined ? NOTHING : fileSource(resolve(folder, file)),
  ]
  const mistakes = sources.flatMap((source) => source.mistakes)
  const settings = parseSettings(sources, mistakes)
  const tls = readTls(settings, mistakes)
  if (mistakes.length > 0) return { kind: 'mistakes', mistakes }
  const data = settings.data ?? defaultData(environment)
  if (line.nextLogKey) return { kind: 'next-log-key', data }
  return {
    kind: 'config',
    config: {
      port: settings.port ?? DEFAULT_PORT,
      host: settings.host ?? 'localhost',
      data,
      url: settings.url,
      announce: settings.announce ?? [],
      tls,
      ice: settings.ice ?? [],
      witnesses: settings.witness ?? [],
      witnessOf: settings['witness-of'] ?? [],
      mirrors: settings.mirror ?? [],
      maxPeers: settings['max-peers'] ?? MAX_CONNECTIONS,
      mediaProcesses: settings['media-processes'] ?? availableParallelism(),
      mediaPorts: settings['media-ports'] ?? [],
      mediaAddresses: settings['media-address'] ?? [],
      logLevel: settings['log-level'] ?? 'info',
    },
  }
}

/** Every value that stands anywhere is checked, also one that a stronger source hides: it is a mistake all the same. */
function parseSettings(sources: readonly Source[], mistakes: string[]): Settings {
  const settings: Partial<Record<SettingName, unknown>> = {}
  for (const name of SETTING_NAMES) {
    for (const source of sources) {
      const written = source.written.get(name)
      if (written === undefined) continue
      const value = parseWritten(SETTINGS[name], written, mistakes)
      settings[name] ??= value
    }
  }
  return settings as Settings
}

function parseWritten(setting: Setting<unknown>, written: Written, mistakes: string[]): unknown {
  const value = setting.parse(written.value)
  if (value === undefined)
    mistakes.push(`${written.where} is ${JSON.stringify(written.value)}; it must be ${setting.allowed}.`)
  return setting.path && value !== undefined ? resolve(written.folder, value as string) : value
}

function readTls(settings: Settings, mistakes: string[]): Tls | undefined {
  const { 'tls-cert': certFile, 'tls-key': keyFile } = settings
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined || keyFile === undefined) {
    const missing = certFile === undefined ? 'tls-cert' : 'tls-key'
    mistakes.push(`${missing} is missing: a certificate and its private key go together.`)
    return undefined
  }
  const cert = readPem('tls-cert', certFile, mistakes)
  const key = readPem('tls-key', keyFile, mistakes)
  if (cert === undefined || key === undefined) return undefined
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    // OpenSSL's only way to say that one of the two is no PEM, or that they are not a pair.
    mistakes.push(
      `tls-cert ${certFile} and tls-key ${keyFile} do not fit together: ${(error as Error).message}.`,
    )
    return undefined
  }
  return { cert, key }
}

function readPem(name: SettingName, file: string, mistakes: string[]): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    mistakes.push(`${name} names ${file}, which cannot be read (${codeOf(error)}).`)
    return undefined
  }
}

/** The XDG base directory specification ignores relative paths. */
function defaultData(environment: Environment): string {
  const xdg = environment.XDG_DATA_HOME ?? ''
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.local/share'), 'palabre')
}
