// SPDX-License-Identifier: GPL-3.0-or-later
// What a VMFuncRef stands for: a function of a guest, of the host, of a component. Verified against
// the known code and instances, never trusted.
// Sources: crates/environ/src/vmtypes.rs (VMFuncRef), crates/wasmtime/src/runtime/vm/vmcontext.rs
// (VMArrayCallHostFuncContext).
#ifndef OP_TARGET_RUNTIME_FUNCTION_REF_H
#define OP_TARGET_RUNTIME_FUNCTION_REF_H

#include "target-runtime/store_set.h"

enum op_function_ref_kind {
	OP_FUNCTION_REF_NULL,
	OP_FUNCTION_REF_GUEST, /**< artifact, module and function are set */
	OP_FUNCTION_REF_HOST, /**< a function of the embedder; code is the host's entry where it can
				 be told */
	OP_FUNCTION_REF_COMPONENT, /**< something that Wasmtime made for a component: a lowered
				      import, a resource function, ... */
	OP_FUNCTION_REF_BAD,       /**< no VMFuncRef: see problem */
};

struct op_function_ref {
	enum op_function_ref_kind kind;
	struct op_host_addr address; /**< of the VMFuncRef, without tag bits */
	struct op_host_addr vmctx;   /**< the callee's context */
	struct op_host_addr code;    /**< GUEST, COMPONENT: where the guest calls it; HOST: the
					function in the host process */
	const struct op_instance *instance; /**< GUEST: of the function; NULL when it is not in the
					       set. Borrowed from it */
	uint32_t image;                     /**< GUEST: id */
	struct op_artifact *artifact;       /**< GUEST: borrowed */
	uint32_t module, function; /**< GUEST: static module index and full function index */
	const char *problem;       /**< BAD: why. Static */
};

/** @param[in] pointer the value of a funcref. Errors only when the target is gone. */
struct op_error *op_function_ref_read(const struct op_store_set *set, struct op_host_addr pointer,
				      struct op_function_ref *ret);
/**
 * What imported function @p index is bound to.
 * @return OP_ERROR_UNSUPPORTED: the module is not known; OP_ERROR_NOT_FOUND for an index out of
 * range.
 */
struct op_error *op_function_import_read(const struct op_store_set *set,
					 const struct op_instance *instance, uint32_t index,
					 struct op_function_ref *ret);
/**
 * Append "fib" (the guest function's name where one is known), "function 3", "host function at
 * 0x...": for people and JSON. Escaped.
 */
struct op_error *op_function_ref_text(const struct op_function_ref *ref, struct op_text *text);

#endif
