/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["weft"] || ($protobuf.roots["weft"] = {});

export const weft = $root.weft = (() => {

    /**
     * Namespace weft.
     * @exports weft
     * @namespace
     */
    const weft = {};

    weft.v1 = (function() {

        /**
         * Namespace v1.
         * @memberof weft
         * @namespace
         */
        const v1 = {};

        v1.Prefix = (function() {

            /**
             * Properties of a Prefix.
             * @typedef {Object} weft.v1.Prefix.$Properties
             * @property {Uint8Array|null} [address] Prefix address
             * @property {number|null} [length] Prefix length
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Prefix.
             * @memberof weft.v1
             * @interface IPrefix
             * @augments weft.v1.Prefix.$Properties
             * @deprecated Use weft.v1.Prefix.$Properties instead.
             */

            /**
             * Shape of a Prefix.
             * @typedef {weft.v1.Prefix.$Properties} weft.v1.Prefix.$Shape
             */

            /**
             * Constructs a new Prefix.
             * @memberof weft.v1
             * @classdesc Represents a Prefix.
             * @constructor
             * @param {weft.v1.Prefix.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Prefix = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Prefix address.
             * @member {Uint8Array} address
             * @memberof weft.v1.Prefix
             * @instance
             */
            Prefix.prototype.address = $util.newBuffer([]);

            /**
             * Prefix length.
             * @member {number} length
             * @memberof weft.v1.Prefix
             * @instance
             */
            Prefix.prototype.length = 0;

            /**
             * Encodes the specified Prefix message. Does not implicitly {@link weft.v1.Prefix.verify|verify} messages.
             * @function encode
             * @memberof weft.v1.Prefix
             * @static
             * @param {weft.v1.Prefix.$Properties} message Prefix message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Prefix.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.address != null && $Object.hasOwnProperty.call(message, "address") && message.address.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.address);
                if (message.length != null && $Object.hasOwnProperty.call(message, "length") && message.length !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.length);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Prefix message from the specified reader or buffer.
             * @function decode
             * @memberof weft.v1.Prefix
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {weft.v1.Prefix & weft.v1.Prefix.$Shape} Prefix
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Prefix.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.weft.v1.Prefix();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.address = value;
                            else
                                delete message.address;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.length = value;
                            else
                                delete message.length;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Prefix;
        })();

        v1.Node = (function() {

            /**
             * Properties of a Node.
             * @typedef {Object} weft.v1.Node.$Properties
             * @property {string|null} [id] Node id
             * @property {string|null} [name] Node name
             * @property {Array.<Uint8Array>|null} [vteps] Node vteps
             * @property {number|null} [mtu] Node mtu
             * @property {number|null} [serial] Node serial
             * @property {Array.<weft.v1.Prefix.$Properties>|null} [routes] Node routes
             * @property {string|null} [version] Node version
             * @property {Array.<Uint8Array>|null} [addresses] Node addresses
             * @property {Array.<Uint8Array>|null} [nameServers] Node nameServers
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Node.
             * @memberof weft.v1
             * @interface INode
             * @augments weft.v1.Node.$Properties
             * @deprecated Use weft.v1.Node.$Properties instead.
             */

            /**
             * Shape of a Node.
             * @typedef {weft.v1.Node.$Properties} weft.v1.Node.$Shape
             */

            /**
             * Constructs a new Node.
             * @memberof weft.v1
             * @classdesc Represents a Node.
             * @constructor
             * @param {weft.v1.Node.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Node = function (properties) {
                this.vteps = [];
                this.routes = [];
                this.addresses = [];
                this.nameServers = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Node id.
             * @member {string} id
             * @memberof weft.v1.Node
             * @instance
             */
            Node.prototype.id = "";

            /**
             * Node name.
             * @member {string} name
             * @memberof weft.v1.Node
             * @instance
             */
            Node.prototype.name = "";

            /**
             * Node vteps.
             * @member {Array.<Uint8Array>} vteps
             * @memberof weft.v1.Node
             * @instance
             */
            Node.prototype.vteps = $util.emptyArray;

            /**
             * Node mtu.
             * @member {number} mtu
             * @memberof weft.v1.Node
             * @instance
             */
            Node.prototype.mtu = 0;

            /**
             * Node serial.
             * @member {number} serial
             * @memberof weft.v1.Node
             * @instance
             */
            Node.prototype.serial = 0;

            /**
             * Node routes.
             * @member {Array.<weft.v1.Prefix.$Properties>} routes
             * @memberof weft.v1.Node
             * @instance
             */
            Node.prototype.routes = $util.emptyArray;

            /**
             * Node version.
             * @member {string} version
             * @memberof weft.v1.Node
             * @instance
             */
            Node.prototype.version = "";

            /**
             * Node addresses.
             * @member {Array.<Uint8Array>} addresses
             * @memberof weft.v1.Node
             * @instance
             */
            Node.prototype.addresses = $util.emptyArray;

            /**
             * Node nameServers.
             * @member {Array.<Uint8Array>} nameServers
             * @memberof weft.v1.Node
             * @instance
             */
            Node.prototype.nameServers = $util.emptyArray;

            /**
             * Encodes the specified Node message. Does not implicitly {@link weft.v1.Node.verify|verify} messages.
             * @function encode
             * @memberof weft.v1.Node
             * @static
             * @param {weft.v1.Node.$Properties} message Node message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Node.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.id);
                if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
                if (message.vteps != null && message.vteps.length)
                    for (let i = 0; i < message.vteps.length; ++i)
                        writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.vteps[i]);
                if (message.mtu != null && $Object.hasOwnProperty.call(message, "mtu") && message.mtu !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.mtu);
                if (message.serial != null && $Object.hasOwnProperty.call(message, "serial") && message.serial !== 0)
                    writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.serial);
                if (message.routes != null && message.routes.length)
                    for (let i = 0; i < message.routes.length; ++i)
                        $root.weft.v1.Prefix.encode(message.routes[i], writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && message.version !== "")
                    writer.uint32(/* id 7, wireType 2 =*/58).string(message.version);
                if (message.addresses != null && message.addresses.length)
                    for (let i = 0; i < message.addresses.length; ++i)
                        writer.uint32(/* id 8, wireType 2 =*/66).bytes(message.addresses[i]);
                if (message.nameServers != null && message.nameServers.length)
                    for (let i = 0; i < message.nameServers.length; ++i)
                        writer.uint32(/* id 9, wireType 2 =*/74).bytes(message.nameServers[i]);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Node message from the specified reader or buffer.
             * @function decode
             * @memberof weft.v1.Node
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {weft.v1.Node & weft.v1.Node.$Shape} Node
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Node.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.weft.v1.Node();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.id = value;
                            else
                                delete message.id;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.name = value;
                            else
                                delete message.name;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if (!(message.vteps && message.vteps.length))
                                message.vteps = [];
                            message.vteps.push(reader.bytes());
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.mtu = value;
                            else
                                delete message.mtu;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.serial = value;
                            else
                                delete message.serial;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if (!(message.routes && message.routes.length))
                                message.routes = [];
                            message.routes.push($root.weft.v1.Prefix.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if (!(message.addresses && message.addresses.length))
                                message.addresses = [];
                            message.addresses.push(reader.bytes());
                            continue;
                        }
                    case 9: {
                            if (wireType !== 2)
                                break;
                            if (!(message.nameServers && message.nameServers.length))
                                message.nameServers = [];
                            message.nameServers.push(reader.bytes());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Node;
        })();

        v1.Alive = (function() {

            /**
             * Properties of an Alive.
             * @typedef {Object} weft.v1.Alive.$Properties
             * @property {string|null} [node] Alive node
             * @property {number|null} [counter] Alive counter
             * @property {string|null} [random] Alive random
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Alive.
             * @memberof weft.v1
             * @interface IAlive
             * @augments weft.v1.Alive.$Properties
             * @deprecated Use weft.v1.Alive.$Properties instead.
             */

            /**
             * Shape of an Alive.
             * @typedef {weft.v1.Alive.$Properties} weft.v1.Alive.$Shape
             */

            /**
             * Constructs a new Alive.
             * @memberof weft.v1
             * @classdesc Represents an Alive.
             * @constructor
             * @param {weft.v1.Alive.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Alive = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Alive node.
             * @member {string} node
             * @memberof weft.v1.Alive
             * @instance
             */
            Alive.prototype.node = "";

            /**
             * Alive counter.
             * @member {number} counter
             * @memberof weft.v1.Alive
             * @instance
             */
            Alive.prototype.counter = 0;

            /**
             * Alive random.
             * @member {string} random
             * @memberof weft.v1.Alive
             * @instance
             */
            Alive.prototype.random = "";

            /**
             * Encodes the specified Alive message. Does not implicitly {@link weft.v1.Alive.verify|verify} messages.
             * @function encode
             * @memberof weft.v1.Alive
             * @static
             * @param {weft.v1.Alive.$Properties} message Alive message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Alive.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.node != null && $Object.hasOwnProperty.call(message, "node") && message.node !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.node);
                if (message.counter != null && $Object.hasOwnProperty.call(message, "counter") && message.counter !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.counter);
                if (message.random != null && $Object.hasOwnProperty.call(message, "random") && message.random !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.random);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Alive message from the specified reader or buffer.
             * @function decode
             * @memberof weft.v1.Alive
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {weft.v1.Alive & weft.v1.Alive.$Shape} Alive
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Alive.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.weft.v1.Alive();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.node = value;
                            else
                                delete message.node;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.counter = value;
                            else
                                delete message.counter;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.random = value;
                            else
                                delete message.random;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Alive;
        })();

        /**
         * FenceKind enum.
         * @name weft.v1.FenceKind
         * @enum {number}
         * @property {number} FENCE_KIND_UNSPECIFIED=0 FENCE_KIND_UNSPECIFIED value
         * @property {number} FENCE_KIND_COLLECT=1 FENCE_KIND_COLLECT value
         * @property {number} FENCE_KIND_FORGET=2 FENCE_KIND_FORGET value
         * @property {number} FENCE_KIND_DRAIN=3 FENCE_KIND_DRAIN value
         */
        v1.FenceKind = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "FENCE_KIND_UNSPECIFIED"] = 0;
            values[valuesById[1] = "FENCE_KIND_COLLECT"] = 1;
            values[valuesById[2] = "FENCE_KIND_FORGET"] = 2;
            values[valuesById[3] = "FENCE_KIND_DRAIN"] = 3;
            return values;
        })();

        v1.Fence = (function() {

            /**
             * Properties of a Fence.
             * @typedef {Object} weft.v1.Fence.$Properties
             * @property {string|null} [node] Fence node
             * @property {string|null} [name] Fence name
             * @property {weft.v1.FenceKind|null} [kind] Fence kind
             * @property {string|null} [by] Fence by
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Fence.
             * @memberof weft.v1
             * @interface IFence
             * @augments weft.v1.Fence.$Properties
             * @deprecated Use weft.v1.Fence.$Properties instead.
             */

            /**
             * Shape of a Fence.
             * @typedef {weft.v1.Fence.$Properties} weft.v1.Fence.$Shape
             */

            /**
             * Constructs a new Fence.
             * @memberof weft.v1
             * @classdesc Represents a Fence.
             * @constructor
             * @param {weft.v1.Fence.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Fence = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Fence node.
             * @member {string} node
             * @memberof weft.v1.Fence
             * @instance
             */
            Fence.prototype.node = "";

            /**
             * Fence name.
             * @member {string} name
             * @memberof weft.v1.Fence
             * @instance
             */
            Fence.prototype.name = "";

            /**
             * Fence kind.
             * @member {weft.v1.FenceKind} kind
             * @memberof weft.v1.Fence
             * @instance
             */
            Fence.prototype.kind = 0;

            /**
             * Fence by.
             * @member {string} by
             * @memberof weft.v1.Fence
             * @instance
             */
            Fence.prototype.by = "";

            /**
             * Encodes the specified Fence message. Does not implicitly {@link weft.v1.Fence.verify|verify} messages.
             * @function encode
             * @memberof weft.v1.Fence
             * @static
             * @param {weft.v1.Fence.$Properties} message Fence message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Fence.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.node != null && $Object.hasOwnProperty.call(message, "node") && message.node !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.node);
                if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
                if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).int32(message.kind);
                if (message.by != null && $Object.hasOwnProperty.call(message, "by") && message.by !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.by);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Fence message from the specified reader or buffer.
             * @function decode
             * @memberof weft.v1.Fence
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {weft.v1.Fence & weft.v1.Fence.$Shape} Fence
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Fence.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.weft.v1.Fence();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.node = value;
                            else
                                delete message.node;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.name = value;
                            else
                                delete message.name;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.kind = value;
                            else
                                delete message.kind;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.by = value;
                            else
                                delete message.by;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Fence;
        })();

        v1.Sandbox = (function() {

            /**
             * Properties of a Sandbox.
             * @typedef {Object} weft.v1.Sandbox.$Properties
             * @property {string|null} [key] Sandbox key
             * @property {string|null} [path] Sandbox path
             * @property {string|null} [bootId] Sandbox bootId
             * @property {string|null} [cookie] Sandbox cookie
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Sandbox.
             * @memberof weft.v1
             * @interface ISandbox
             * @augments weft.v1.Sandbox.$Properties
             * @deprecated Use weft.v1.Sandbox.$Properties instead.
             */

            /**
             * Shape of a Sandbox.
             * @typedef {weft.v1.Sandbox.$Properties} weft.v1.Sandbox.$Shape
             */

            /**
             * Constructs a new Sandbox.
             * @memberof weft.v1
             * @classdesc Represents a Sandbox.
             * @constructor
             * @param {weft.v1.Sandbox.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Sandbox = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Sandbox key.
             * @member {string} key
             * @memberof weft.v1.Sandbox
             * @instance
             */
            Sandbox.prototype.key = "";

            /**
             * Sandbox path.
             * @member {string} path
             * @memberof weft.v1.Sandbox
             * @instance
             */
            Sandbox.prototype.path = "";

            /**
             * Sandbox bootId.
             * @member {string} bootId
             * @memberof weft.v1.Sandbox
             * @instance
             */
            Sandbox.prototype.bootId = "";

            /**
             * Sandbox cookie.
             * @member {string} cookie
             * @memberof weft.v1.Sandbox
             * @instance
             */
            Sandbox.prototype.cookie = "";

            /**
             * Encodes the specified Sandbox message. Does not implicitly {@link weft.v1.Sandbox.verify|verify} messages.
             * @function encode
             * @memberof weft.v1.Sandbox
             * @static
             * @param {weft.v1.Sandbox.$Properties} message Sandbox message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Sandbox.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.key != null && $Object.hasOwnProperty.call(message, "key") && message.key !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.key);
                if (message.path != null && $Object.hasOwnProperty.call(message, "path") && message.path !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.path);
                if (message.bootId != null && $Object.hasOwnProperty.call(message, "bootId") && message.bootId !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.bootId);
                if (message.cookie != null && $Object.hasOwnProperty.call(message, "cookie") && message.cookie !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.cookie);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Sandbox message from the specified reader or buffer.
             * @function decode
             * @memberof weft.v1.Sandbox
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {weft.v1.Sandbox & weft.v1.Sandbox.$Shape} Sandbox
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Sandbox.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.weft.v1.Sandbox();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.key = value;
                            else
                                delete message.key;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.path = value;
                            else
                                delete message.path;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.bootId = value;
                            else
                                delete message.bootId;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.cookie = value;
                            else
                                delete message.cookie;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Sandbox;
        })();

        v1.Label = (function() {

            /**
             * Properties of a Label.
             * @typedef {Object} weft.v1.Label.$Properties
             * @property {string|null} [key] Label key
             * @property {string|null} [value] Label value
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Label.
             * @memberof weft.v1
             * @interface ILabel
             * @augments weft.v1.Label.$Properties
             * @deprecated Use weft.v1.Label.$Properties instead.
             */

            /**
             * Shape of a Label.
             * @typedef {weft.v1.Label.$Properties} weft.v1.Label.$Shape
             */

            /**
             * Constructs a new Label.
             * @memberof weft.v1
             * @classdesc Represents a Label.
             * @constructor
             * @param {weft.v1.Label.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Label = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Label key.
             * @member {string} key
             * @memberof weft.v1.Label
             * @instance
             */
            Label.prototype.key = "";

            /**
             * Label value.
             * @member {string} value
             * @memberof weft.v1.Label
             * @instance
             */
            Label.prototype.value = "";

            /**
             * Encodes the specified Label message. Does not implicitly {@link weft.v1.Label.verify|verify} messages.
             * @function encode
             * @memberof weft.v1.Label
             * @static
             * @param {weft.v1.Label.$Properties} message Label message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Label.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.key != null && $Object.hasOwnProperty.call(message, "key") && message.key !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.key);
                if (message.value != null && $Object.hasOwnProperty.call(message, "value") && message.value !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.value);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Label message from the specified reader or buffer.
             * @function decode
             * @memberof weft.v1.Label
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {weft.v1.Label & weft.v1.Label.$Shape} Label
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Label.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.weft.v1.Label();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.key = value;
                            else
                                delete message.key;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.value = value;
                            else
                                delete message.value;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Label;
        })();

        /**
         * EndpointState enum.
         * @name weft.v1.EndpointState
         * @enum {number}
         * @property {number} ENDPOINT_STATE_UNSPECIFIED=0 ENDPOINT_STATE_UNSPECIFIED value
         * @property {number} ENDPOINT_STATE_ACTIVE=1 ENDPOINT_STATE_ACTIVE value
         * @property {number} ENDPOINT_STATE_CONFLICT=2 ENDPOINT_STATE_CONFLICT value
         */
        v1.EndpointState = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "ENDPOINT_STATE_UNSPECIFIED"] = 0;
            values[valuesById[1] = "ENDPOINT_STATE_ACTIVE"] = 1;
            values[valuesById[2] = "ENDPOINT_STATE_CONFLICT"] = 2;
            return values;
        })();

        v1.Endpoint = (function() {

            /**
             * Properties of an Endpoint.
             * @typedef {Object} weft.v1.Endpoint.$Properties
             * @property {string|null} [id] Endpoint id
             * @property {string|null} [network] Endpoint network
             * @property {string|null} [node] Endpoint node
             * @property {string|null} [name] Endpoint name
             * @property {Array.<string>|null} [aliases] Endpoint aliases
             * @property {Uint8Array|null} [mac] Endpoint mac
             * @property {Array.<Uint8Array>|null} [addresses] Endpoint addresses
             * @property {weft.v1.Sandbox.$Properties|null} [sandbox] Endpoint sandbox
             * @property {string|null} [interfaceName] Endpoint interfaceName
             * @property {number|null} [routePriority] Endpoint routePriority
             * @property {Array.<weft.v1.Label.$Properties>|null} [labels] Endpoint labels
             * @property {weft.v1.EndpointState|null} [state] Endpoint state
             * @property {string|null} [conflictHolder] Endpoint conflictHolder
             * @property {string|null} [creator] Endpoint creator
             * @property {number|null} [createdAt] Endpoint createdAt
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Endpoint.
             * @memberof weft.v1
             * @interface IEndpoint
             * @augments weft.v1.Endpoint.$Properties
             * @deprecated Use weft.v1.Endpoint.$Properties instead.
             */

            /**
             * Shape of an Endpoint.
             * @typedef {weft.v1.Endpoint.$Properties} weft.v1.Endpoint.$Shape
             */

            /**
             * Constructs a new Endpoint.
             * @memberof weft.v1
             * @classdesc Represents an Endpoint.
             * @constructor
             * @param {weft.v1.Endpoint.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Endpoint = function (properties) {
                this.aliases = [];
                this.addresses = [];
                this.labels = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Endpoint id.
             * @member {string} id
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.id = "";

            /**
             * Endpoint network.
             * @member {string} network
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.network = "";

            /**
             * Endpoint node.
             * @member {string} node
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.node = "";

            /**
             * Endpoint name.
             * @member {string} name
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.name = "";

            /**
             * Endpoint aliases.
             * @member {Array.<string>} aliases
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.aliases = $util.emptyArray;

            /**
             * Endpoint mac.
             * @member {Uint8Array} mac
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.mac = $util.newBuffer([]);

            /**
             * Endpoint addresses.
             * @member {Array.<Uint8Array>} addresses
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.addresses = $util.emptyArray;

            /**
             * Endpoint sandbox.
             * @member {weft.v1.Sandbox.$Properties|null|undefined} sandbox
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.sandbox = null;

            /**
             * Endpoint interfaceName.
             * @member {string} interfaceName
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.interfaceName = "";

            /**
             * Endpoint routePriority.
             * @member {number} routePriority
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.routePriority = 0;

            /**
             * Endpoint labels.
             * @member {Array.<weft.v1.Label.$Properties>} labels
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.labels = $util.emptyArray;

            /**
             * Endpoint state.
             * @member {weft.v1.EndpointState} state
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.state = 0;

            /**
             * Endpoint conflictHolder.
             * @member {string} conflictHolder
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.conflictHolder = "";

            /**
             * Endpoint creator.
             * @member {string} creator
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.creator = "";

            /**
             * Endpoint createdAt.
             * @member {number} createdAt
             * @memberof weft.v1.Endpoint
             * @instance
             */
            Endpoint.prototype.createdAt = 0;

            /**
             * Encodes the specified Endpoint message. Does not implicitly {@link weft.v1.Endpoint.verify|verify} messages.
             * @function encode
             * @memberof weft.v1.Endpoint
             * @static
             * @param {weft.v1.Endpoint.$Properties} message Endpoint message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Endpoint.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.id);
                if (message.network != null && $Object.hasOwnProperty.call(message, "network") && message.network !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.network);
                if (message.node != null && $Object.hasOwnProperty.call(message, "node") && message.node !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.node);
                if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.name);
                if (message.aliases != null && message.aliases.length)
                    for (let i = 0; i < message.aliases.length; ++i)
                        writer.uint32(/* id 5, wireType 2 =*/42).string(message.aliases[i]);
                if (message.mac != null && $Object.hasOwnProperty.call(message, "mac") && message.mac.length)
                    writer.uint32(/* id 6, wireType 2 =*/50).bytes(message.mac);
                if (message.addresses != null && message.addresses.length)
                    for (let i = 0; i < message.addresses.length; ++i)
                        writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.addresses[i]);
                if (message.sandbox != null && $Object.hasOwnProperty.call(message, "sandbox"))
                    $root.weft.v1.Sandbox.encode(message.sandbox, writer.uint32(/* id 8, wireType 2 =*/66).fork(), _depth + 1).ldelim();
                if (message.interfaceName != null && $Object.hasOwnProperty.call(message, "interfaceName") && message.interfaceName !== "")
                    writer.uint32(/* id 9, wireType 2 =*/74).string(message.interfaceName);
                if (message.routePriority != null && $Object.hasOwnProperty.call(message, "routePriority") && message.routePriority !== 0)
                    writer.uint32(/* id 10, wireType 0 =*/80).uint32(message.routePriority);
                if (message.labels != null && message.labels.length)
                    for (let i = 0; i < message.labels.length; ++i)
                        $root.weft.v1.Label.encode(message.labels[i], writer.uint32(/* id 11, wireType 2 =*/90).fork(), _depth + 1).ldelim();
                if (message.state != null && $Object.hasOwnProperty.call(message, "state") && message.state !== 0)
                    writer.uint32(/* id 12, wireType 0 =*/96).int32(message.state);
                if (message.conflictHolder != null && $Object.hasOwnProperty.call(message, "conflictHolder") && message.conflictHolder !== "")
                    writer.uint32(/* id 13, wireType 2 =*/106).string(message.conflictHolder);
                if (message.creator != null && $Object.hasOwnProperty.call(message, "creator") && message.creator !== "")
                    writer.uint32(/* id 14, wireType 2 =*/114).string(message.creator);
                if (message.createdAt != null && $Object.hasOwnProperty.call(message, "createdAt") && !$Object.is(message.createdAt, 0))
                    writer.uint32(/* id 15, wireType 1 =*/121).double(message.createdAt);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Endpoint message from the specified reader or buffer.
             * @function decode
             * @memberof weft.v1.Endpoint
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {weft.v1.Endpoint & weft.v1.Endpoint.$Shape} Endpoint
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Endpoint.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.weft.v1.Endpoint();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.id = value;
                            else
                                delete message.id;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.network = value;
                            else
                                delete message.network;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.node = value;
                            else
                                delete message.node;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.name = value;
                            else
                                delete message.name;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if (!(message.aliases && message.aliases.length))
                                message.aliases = [];
                            message.aliases.push(reader.stringVerify());
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.mac = value;
                            else
                                delete message.mac;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if (!(message.addresses && message.addresses.length))
                                message.addresses = [];
                            message.addresses.push(reader.bytes());
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            message.sandbox = $root.weft.v1.Sandbox.decode(reader, reader.size(), $undefined, _depth + 1, message.sandbox);
                            continue;
                        }
                    case 9: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.interfaceName = value;
                            else
                                delete message.interfaceName;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.routePriority = value;
                            else
                                delete message.routePriority;
                            continue;
                        }
                    case 11: {
                            if (wireType !== 2)
                                break;
                            if (!(message.labels && message.labels.length))
                                message.labels = [];
                            message.labels.push($root.weft.v1.Label.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 12: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.state = value;
                            else
                                delete message.state;
                            continue;
                        }
                    case 13: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.conflictHolder = value;
                            else
                                delete message.conflictHolder;
                            continue;
                        }
                    case 14: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.creator = value;
                            else
                                delete message.creator;
                            continue;
                        }
                    case 15: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.createdAt = value;
                            else
                                delete message.createdAt;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Endpoint;
        })();

        /**
         * ClaimKind enum.
         * @name weft.v1.ClaimKind
         * @enum {number}
         * @property {number} CLAIM_KIND_UNSPECIFIED=0 CLAIM_KIND_UNSPECIFIED value
         * @property {number} CLAIM_KIND_ENDPOINT=1 CLAIM_KIND_ENDPOINT value
         * @property {number} CLAIM_KIND_RESERVATION=2 CLAIM_KIND_RESERVATION value
         * @property {number} CLAIM_KIND_GATEWAY=3 CLAIM_KIND_GATEWAY value
         * @property {number} CLAIM_KIND_AUXILIARY=4 CLAIM_KIND_AUXILIARY value
         */
        v1.ClaimKind = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "CLAIM_KIND_UNSPECIFIED"] = 0;
            values[valuesById[1] = "CLAIM_KIND_ENDPOINT"] = 1;
            values[valuesById[2] = "CLAIM_KIND_RESERVATION"] = 2;
            values[valuesById[3] = "CLAIM_KIND_GATEWAY"] = 3;
            values[valuesById[4] = "CLAIM_KIND_AUXILIARY"] = 4;
            return values;
        })();

        v1.Claim = (function() {

            /**
             * Properties of a Claim.
             * @typedef {Object} weft.v1.Claim.$Properties
             * @property {weft.v1.ClaimKind|null} [kind] Claim kind
             * @property {string|null} [holder] Claim holder
             * @property {string|null} [owner] Claim owner
             * @property {number|null} [expiresAt] Claim expiresAt
             * @property {Array.<Uint8Array>|null} [addresses] Claim addresses
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Claim.
             * @memberof weft.v1
             * @interface IClaim
             * @augments weft.v1.Claim.$Properties
             * @deprecated Use weft.v1.Claim.$Properties instead.
             */

            /**
             * Shape of a Claim.
             * @typedef {weft.v1.Claim.$Properties} weft.v1.Claim.$Shape
             */

            /**
             * Constructs a new Claim.
             * @memberof weft.v1
             * @classdesc Represents a Claim.
             * @constructor
             * @param {weft.v1.Claim.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Claim = function (properties) {
                this.addresses = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Claim kind.
             * @member {weft.v1.ClaimKind} kind
             * @memberof weft.v1.Claim
             * @instance
             */
            Claim.prototype.kind = 0;

            /**
             * Claim holder.
             * @member {string} holder
             * @memberof weft.v1.Claim
             * @instance
             */
            Claim.prototype.holder = "";

            /**
             * Claim owner.
             * @member {string} owner
             * @memberof weft.v1.Claim
             * @instance
             */
            Claim.prototype.owner = "";

            /**
             * Claim expiresAt.
             * @member {number} expiresAt
             * @memberof weft.v1.Claim
             * @instance
             */
            Claim.prototype.expiresAt = 0;

            /**
             * Claim addresses.
             * @member {Array.<Uint8Array>} addresses
             * @memberof weft.v1.Claim
             * @instance
             */
            Claim.prototype.addresses = $util.emptyArray;

            /**
             * Encodes the specified Claim message. Does not implicitly {@link weft.v1.Claim.verify|verify} messages.
             * @function encode
             * @memberof weft.v1.Claim
             * @static
             * @param {weft.v1.Claim.$Properties} message Claim message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Claim.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).int32(message.kind);
                if (message.holder != null && $Object.hasOwnProperty.call(message, "holder") && message.holder !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.holder);
                if (message.owner != null && $Object.hasOwnProperty.call(message, "owner") && message.owner !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.owner);
                if (message.expiresAt != null && $Object.hasOwnProperty.call(message, "expiresAt") && !$Object.is(message.expiresAt, 0))
                    writer.uint32(/* id 4, wireType 1 =*/33).double(message.expiresAt);
                if (message.addresses != null && message.addresses.length)
                    for (let i = 0; i < message.addresses.length; ++i)
                        writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.addresses[i]);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Claim message from the specified reader or buffer.
             * @function decode
             * @memberof weft.v1.Claim
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {weft.v1.Claim & weft.v1.Claim.$Shape} Claim
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Claim.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.weft.v1.Claim();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.kind = value;
                            else
                                delete message.kind;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.holder = value;
                            else
                                delete message.holder;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.owner = value;
                            else
                                delete message.owner;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.expiresAt = value;
                            else
                                delete message.expiresAt;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if (!(message.addresses && message.addresses.length))
                                message.addresses = [];
                            message.addresses.push(reader.bytes());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Claim;
        })();

        /**
         * MatterKind enum.
         * @name weft.v1.MatterKind
         * @enum {number}
         * @property {number} MATTER_KIND_UNSPECIFIED=0 MATTER_KIND_UNSPECIFIED value
         * @property {number} MATTER_KIND_ENDPOINT=1 MATTER_KIND_ENDPOINT value
         * @property {number} MATTER_KIND_NO_ENDPOINT=2 MATTER_KIND_NO_ENDPOINT value
         * @property {number} MATTER_KIND_NETWORK=3 MATTER_KIND_NETWORK value
         * @property {number} MATTER_KIND_NO_NETWORK=4 MATTER_KIND_NO_NETWORK value
         */
        v1.MatterKind = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "MATTER_KIND_UNSPECIFIED"] = 0;
            values[valuesById[1] = "MATTER_KIND_ENDPOINT"] = 1;
            values[valuesById[2] = "MATTER_KIND_NO_ENDPOINT"] = 2;
            values[valuesById[3] = "MATTER_KIND_NETWORK"] = 3;
            values[valuesById[4] = "MATTER_KIND_NO_NETWORK"] = 4;
            return values;
        })();

        v1.Question = (function() {

            /**
             * Properties of a Question.
             * @typedef {Object} weft.v1.Question.$Properties
             * @property {string|null} [id] Question id
             * @property {string|null} [network] Question network
             * @property {string|null} [asker] Question asker
             * @property {weft.v1.MatterKind|null} [matter] Question matter
             * @property {string|null} [endpoint] Question endpoint
             * @property {number|null} [revision] Question revision
             * @property {number|null} [stateRevision] Question stateRevision
             * @property {Array.<string>|null} [asked] Question asked
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Question.
             * @memberof weft.v1
             * @interface IQuestion
             * @augments weft.v1.Question.$Properties
             * @deprecated Use weft.v1.Question.$Properties instead.
             */

            /**
             * Shape of a Question.
             * @typedef {weft.v1.Question.$Properties} weft.v1.Question.$Shape
             */

            /**
             * Constructs a new Question.
             * @memberof weft.v1
             * @classdesc Represents a Question.
             * @constructor
             * @param {weft.v1.Question.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Question = function (properties) {
                this.asked = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Question id.
             * @member {string} id
             * @memberof weft.v1.Question
             * @instance
             */
            Question.prototype.id = "";

            /**
             * Question network.
             * @member {string} network
             * @memberof weft.v1.Question
             * @instance
             */
            Question.prototype.network = "";

            /**
             * Question asker.
             * @member {string} asker
             * @memberof weft.v1.Question
             * @instance
             */
            Question.prototype.asker = "";

            /**
             * Question matter.
             * @member {weft.v1.MatterKind} matter
             * @memberof weft.v1.Question
             * @instance
             */
            Question.prototype.matter = 0;

            /**
             * Question endpoint.
             * @member {string} endpoint
             * @memberof weft.v1.Question
             * @instance
             */
            Question.prototype.endpoint = "";

            /**
             * Question revision.
             * @member {number} revision
             * @memberof weft.v1.Question
             * @instance
             */
            Question.prototype.revision = 0;

            /**
             * Question stateRevision.
             * @member {number} stateRevision
             * @memberof weft.v1.Question
             * @instance
             */
            Question.prototype.stateRevision = 0;

            /**
             * Question asked.
             * @member {Array.<string>} asked
             * @memberof weft.v1.Question
             * @instance
             */
            Question.prototype.asked = $util.emptyArray;

            /**
             * Encodes the specified Question message. Does not implicitly {@link weft.v1.Question.verify|verify} messages.
             * @function encode
             * @memberof weft.v1.Question
             * @static
             * @param {weft.v1.Question.$Properties} message Question message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Question.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.id);
                if (message.network != null && $Object.hasOwnProperty.call(message, "network") && message.network !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.network);
                if (message.asker != null && $Object.hasOwnProperty.call(message, "asker") && message.asker !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.asker);
                if (message.matter != null && $Object.hasOwnProperty.call(message, "matter") && message.matter !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).int32(message.matter);
                if (message.endpoint != null && $Object.hasOwnProperty.call(message, "endpoint") && message.endpoint !== "")
                    writer.uint32(/* id 5, wireType 2 =*/42).string(message.endpoint);
                if (message.revision != null && $Object.hasOwnProperty.call(message, "revision") && !$Object.is(message.revision, 0))
                    writer.uint32(/* id 6, wireType 1 =*/49).double(message.revision);
                if (message.stateRevision != null && $Object.hasOwnProperty.call(message, "stateRevision") && !$Object.is(message.stateRevision, 0))
                    writer.uint32(/* id 7, wireType 1 =*/57).double(message.stateRevision);
                if (message.asked != null && message.asked.length)
                    for (let i = 0; i < message.asked.length; ++i)
                        writer.uint32(/* id 8, wireType 2 =*/66).string(message.asked[i]);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Question message from the specified reader or buffer.
             * @function decode
             * @memberof weft.v1.Question
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {weft.v1.Question & weft.v1.Question.$Shape} Question
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Question.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.weft.v1.Question();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.id = value;
                            else
                                delete message.id;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.network = value;
                            else
                                delete message.network;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.asker = value;
                            else
                                delete message.asker;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.matter = value;
                            else
                                delete message.matter;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.endpoint = value;
                            else
                                delete message.endpoint;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.revision = value;
                            else
                                delete message.revision;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.stateRevision = value;
                            else
                                delete message.stateRevision;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if (!(message.asked && message.asked.length))
                                message.asked = [];
                            message.asked.push(reader.stringVerify());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Question;
        })();

        v1.Answer = (function() {

            /**
             * Properties of an Answer.
             * @typedef {Object} weft.v1.Answer.$Properties
             * @property {string|null} [id] Answer id
             * @property {string|null} [network] Answer network
             * @property {string|null} [node] Answer node
             * @property {number|null} [revision] Answer revision
             * @property {string|null} [refusal] Answer refusal
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Answer.
             * @memberof weft.v1
             * @interface IAnswer
             * @augments weft.v1.Answer.$Properties
             * @deprecated Use weft.v1.Answer.$Properties instead.
             */

            /**
             * Shape of an Answer.
             * @typedef {weft.v1.Answer.$Properties} weft.v1.Answer.$Shape
             */

            /**
             * Constructs a new Answer.
             * @memberof weft.v1
             * @classdesc Represents an Answer.
             * @constructor
             * @param {weft.v1.Answer.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Answer = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Answer id.
             * @member {string} id
             * @memberof weft.v1.Answer
             * @instance
             */
            Answer.prototype.id = "";

            /**
             * Answer network.
             * @member {string} network
             * @memberof weft.v1.Answer
             * @instance
             */
            Answer.prototype.network = "";

            /**
             * Answer node.
             * @member {string} node
             * @memberof weft.v1.Answer
             * @instance
             */
            Answer.prototype.node = "";

            /**
             * Answer revision.
             * @member {number} revision
             * @memberof weft.v1.Answer
             * @instance
             */
            Answer.prototype.revision = 0;

            /**
             * Answer refusal.
             * @member {string} refusal
             * @memberof weft.v1.Answer
             * @instance
             */
            Answer.prototype.refusal = "";

            /**
             * Encodes the specified Answer message. Does not implicitly {@link weft.v1.Answer.verify|verify} messages.
             * @function encode
             * @memberof weft.v1.Answer
             * @static
             * @param {weft.v1.Answer.$Properties} message Answer message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Answer.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.id);
                if (message.network != null && $Object.hasOwnProperty.call(message, "network") && message.network !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.network);
                if (message.node != null && $Object.hasOwnProperty.call(message, "node") && message.node !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.node);
                if (message.revision != null && $Object.hasOwnProperty.call(message, "revision") && !$Object.is(message.revision, 0))
                    writer.uint32(/* id 4, wireType 1 =*/33).double(message.revision);
                if (message.refusal != null && $Object.hasOwnProperty.call(message, "refusal") && message.refusal !== "")
                    writer.uint32(/* id 5, wireType 2 =*/42).string(message.refusal);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Answer message from the specified reader or buffer.
             * @function decode
             * @memberof weft.v1.Answer
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {weft.v1.Answer & weft.v1.Answer.$Shape} Answer
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Answer.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.weft.v1.Answer();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.id = value;
                            else
                                delete message.id;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.network = value;
                            else
                                delete message.network;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.node = value;
                            else
                                delete message.node;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 1)
                                break;
                            if (!$Object.is(value = reader.double(), 0))
                                message.revision = value;
                            else
                                delete message.revision;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.refusal = value;
                            else
                                delete message.refusal;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Answer;
        })();

        return v1;
    })();

    return weft;
})();

export {
  $root as default
};
