// SPDX-License-Identifier: GPL-3.0-or-later
#include "target-runtime/dwarf/type.h"
