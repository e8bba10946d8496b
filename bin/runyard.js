#!/bin/sh
":" //; exec node -- "$0" "$@"
// Both a script for sh, which ends with the line above, and a program for Node. Node reads an --env-file wherever it stands
// among its arguments, also where it is meant for Runyard, unless a -- comes before; no other first line could say that.
import "./door.js";
