// The part of fengari (Lua in JavaScript, the C API under its own names) that the fake of Redis uses.
declare module 'fengari' {
  interface LuaState {
    readonly lua: unique symbol;
  }
  type LuaFunction = (state: LuaState) => number;
  export const lua: {
    readonly LUA_OK: number;
    lua_pushstring(state: LuaState, bytes: Uint8Array): void;
    lua_pushboolean(state: LuaState, value: boolean): void;
    lua_pushcfunction(state: LuaState, run: LuaFunction): void;
    lua_pcall(state: LuaState, given: number, wanted: number, handler: number): number;
    lua_createtable(state: LuaState, list: number, named: number): void;
    lua_setfield(state: LuaState, index: number, name: Uint8Array): void;
    lua_rawseti(state: LuaState, index: number, at: number): void;
    lua_setglobal(state: LuaState, name: Uint8Array): void;
    lua_tojsstring(state: LuaState, index: number): string;
    lua_gettop(state: LuaState): number;
    lua_isnil(state: LuaState, index: number): boolean;
    lua_isboolean(state: LuaState, index: number): boolean;
    lua_toboolean(state: LuaState, index: number): boolean;
    lua_isinteger(state: LuaState, index: number): boolean;
    lua_tointeger(state: LuaState, index: number): number;
    lua_error(state: LuaState): number;
  };
  export const lauxlib: {
    luaL_newstate(): LuaState;
    luaL_loadstring(state: LuaState, script: Uint8Array): number;
  };
  export const lualib: { luaL_openlibs(state: LuaState): void };
  export function to_luastring(text: string): Uint8Array;
}
