import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { SETTING_NAMES, type SettingName, variablesOf } from './settings.ts'

/** A value as somebody wrote it, and where. */
export interface Written {
  /** For a sentence: `--port`, `PORT in the environment`, `"port" in relay.json`. */
  readonly where: string
  readonly value: unknown
  /** What a relative path in it is relative to. */
  readonly folder: string
}

/** What one place says, and what is wrong with the place as a whole. */
export interface Source {
  readonly written: ReadonlyMap<SettingName, Written>
  readonly mistakes: readonly string[]
}

export const NOTHING: Source = { written: new Map(), mistakes: [] }

/** The variable that names the file; it is no setting, because a file cannot name itself. */
const FILE_VARIABLE = 'PALABRE_CONFIG'

export type Environment = Readonly<Record<string, string | undefined>>

/** The `PALABRE_…` variables and their aliases. An empty variable counts as none, as it does in shells. */
export function environmentSource(environment: Environment, folder: string): Source {
  const written = new Map<SettingName, Written>()
  const known = new Set<string>([FILE_VARIABLE])
  for (const name of SETTING_NAMES) {
    for (const variable of variablesOf(name)) {
      known.add(variable)
      const value = environment[variable]
      if (value === undefined || value === '' || written.has(name)) continue
      written.set(name, { where: `${variable} in the environment`, value, folder })
    }
  }
  const mistakes = Object.keys(environment)
    .filter((variable) => variable.startsWith('PALABRE_') && !known.has(variable))
    .map((variable) => `${variable} in the environment is no setting; see --help.`)
  return { written, mistakes }
}

/** The file that a flag or the environment names. */
export function configFile(flag: string | undefined, environment: Environment): string | undefined {
  return flag ?? (environment[FILE_VARIABLE] || undefined)
}

/** A JSON file whose keys are the names of the settings. */
export function fileSource(file: string): Source {
  const only = (mistake: string): Source => ({ ...NOTHING, mistakes: [mistake] })
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return only(`The configuration file ${file} cannot be read (${codeOf(error)}).`)
  }
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    return only(`The configuration file ${file} is not JSON: ${(error as SyntaxError).message}.`)
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    return only(`The configuration file ${file} must hold one JSON object, such as { "port": 8080 }.`)
  const written = new Map<SettingName, Written>()
  const mistakes: string[] = []
  for (const [key, value] of Object.entries(content)) {
    const name = SETTING_NAMES.find((known) => known === key)
    const where = `"${key}" in ${file}`
    if (name === undefined) mistakes.push(`${where} is no setting; known are ${SETTING_NAMES.join(', ')}.`)
    else written.set(name, { where, value, folder: dirname(resolve(file)) })
  }
  return { written, mistakes }
}

/** `ENOENT` and the like, which people can look up. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
