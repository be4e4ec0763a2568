// A fake of Redis that really runs the scripts it is given, in Lua (fengari), over a map of strings. It knows GET and SET,
// the two commands of the store, and converts between Redis and Lua as Redis documents it.
import { createHash } from 'node:crypto';
import type { RedisEval } from 'blazemeter-client/rotation';
import { lauxlib, lua, lualib, to_luastring } from 'fengari';

export interface RedisFake {
  readonly eval: RedisEval;
  /** Strings; a list stands for any value of another type. */
  readonly keys: Map<string, string | readonly string[]>;
  /** How often each command was called by a script. */
  readonly calls: Record<string, number>;
  /** What the next scripts end with although they were run. */
  readonly lost: Error[];
}

export function redisFake(): RedisFake {
  const keys = new Map<string, string | readonly string[]>();
  const calls: Record<string, number> = {};
  const lost: Error[] = [];

  /** One command; `false` is Redis's nil, as Lua sees it. */
  const command = (name: string, args: readonly string[]): string | false => {
    calls[name] = (calls[name] ?? 0) + 1;
    const [key = '', value = ''] = args;
    if (name === 'GET') {
      const held = keys.get(key) ?? false;
      if (typeof held === 'object')
        throw new Error('WRONGTYPE Operation against a key holding the wrong kind of value');
      return held;
    }
    if (name === 'SET' && args.length === 2) {
      keys.set(key, value);
      return 'OK';
    }
    throw new Error(`ERR Unknown Redis command called from script: ${name}`);
  };

  const run = (script: string, scriptKeys: readonly string[], args: readonly string[]): unknown => {
    const L = lauxlib.luaL_newstate();
    lualib.luaL_openlibs(L);
    const guarded = (work: (given: string[]) => string | false) =>
      lua.lua_pushcfunction(L, (state) => {
        const given = Array.from({ length: lua.lua_gettop(state) }, (_, at) =>
          lua.lua_tojsstring(state, at + 1),
        );
        let result: string | false;
        try {
          result = work(given);
        } catch (error) {
          lua.lua_pushstring(state, to_luastring(error instanceof Error ? error.message : ''));
          return lua.lua_error(state);
        }
        if (result === false) lua.lua_pushboolean(state, false);
        else lua.lua_pushstring(state, to_luastring(result));
        return 1;
      });
    lua.lua_createtable(L, 0, 2);
    guarded(([name = '', ...rest]) => command(name.toUpperCase(), rest));
    lua.lua_setfield(L, -2, to_luastring('call'));
    guarded(([text = '']) => createHash('sha1').update(text).digest('hex'));
    lua.lua_setfield(L, -2, to_luastring('sha1hex'));
    lua.lua_setglobal(L, to_luastring('redis'));
    for (const [name, list] of Object.entries({ KEYS: scriptKeys, ARGV: args })) {
      lua.lua_createtable(L, list.length, 0);
      for (const [at, item] of list.entries()) {
        lua.lua_pushstring(L, to_luastring(item));
        lua.lua_rawseti(L, -2, at + 1);
      }
      lua.lua_setglobal(L, to_luastring(name));
    }
    const loaded = lauxlib.luaL_loadstring(L, to_luastring(script));
    const ended = loaded === lua.LUA_OK ? lua.lua_pcall(L, 0, 1, 0) : loaded;
    if (ended !== lua.LUA_OK) throw new Error(lua.lua_tojsstring(L, -1));
    if (lua.lua_isnil(L, -1)) return null;
    if (lua.lua_isboolean(L, -1)) return lua.lua_toboolean(L, -1) ? 1 : null;
    return lua.lua_isinteger(L, -1) ? lua.lua_tointeger(L, -1) : lua.lua_tojsstring(L, -1);
  };

  return {
    keys,
    calls,
    lost,
    // Scripts are atomic: each runs to its end before anything else does.
    eval: async (script, scriptKeys, args) => {
      const result = run(script, scriptKeys, args);
      const error = script.includes('SET') ? lost.shift() : undefined;
      if (error !== undefined) throw error;
      return result;
    },
  };
}
